"""The Celantur Container's REST API: pictures are anonymised and kept as tasks."""
