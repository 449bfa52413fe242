"""Who may pass: the embedded issuer, its tokens and keys, and the guard of every service."""
