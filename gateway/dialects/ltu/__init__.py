"""LTU Compute API v2, the native dialect."""
