"""The resources of the API: what each answers. They hold no state; the org does."""
