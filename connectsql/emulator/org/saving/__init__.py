"""Creating and changing records: what a body may say, defaults, checks, behaviours."""
