"""Engines on other machines: workers that a Dask scheduler lists, each with its own slots."""
