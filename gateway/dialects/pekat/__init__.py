"""The PEKAT Vision HTTP API."""
