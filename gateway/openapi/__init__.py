"""openapi.yaml: how it is put together, and the realm's share of it."""
