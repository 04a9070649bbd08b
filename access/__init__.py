"""Who may do what: principals, roles, sessions, API keys, remote AEs and their admission."""
