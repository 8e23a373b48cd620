"""The resources of the API: what each answers. They hold no state; the org does.

A handler gets the org and a call and returns an answer or raises a refusal. ``table`` lists
those below ``/services/data``; ``handler`` and ``results`` are what several of them share.
"""
