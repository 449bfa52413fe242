"""The connection: HTTP/1.1 with deadlines, limits and an orderly end, and the server around it."""
