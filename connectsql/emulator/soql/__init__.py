"""SOQL: grammar -> syntax tree -> checked against the describes -> SQL -> shaped records."""
