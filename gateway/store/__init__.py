"""What outlives a request: the database, its tables and their migrations."""
