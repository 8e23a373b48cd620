"""Who may call: sessions, refresh tokens, authorization codes, the key of JWT logins."""
