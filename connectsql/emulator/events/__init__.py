"""Change events and the Pub/Sub API that delivers them.

``netting`` tells what a transaction did to each record, ``drafts`` what events come of it,
``layout`` how a record looks as an event, ``log`` keeps them, ``publisher`` joins these;
``service`` and ``subscription`` are the gRPC side. Imported only by an org that has events:
it needs the extra ``events``.
"""
