"""The language of formulas: an expression's text, its tree, its function of a record."""
