"""The SOAP API, as far as old clients need it."""
