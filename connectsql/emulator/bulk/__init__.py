"""Bulk jobs: large CSV files in, large query results out, worked on in the background.

``bulk`` makes jobs and starts the work on their batches: ``ingesting`` (``reading`` CSV,
``columns``, ``saving``) or ``querying`` (``query_check``). ``progress`` notes how far it is,
``job_store`` keeps all of it, ``results`` and ``classic`` tell what came of it.
"""
