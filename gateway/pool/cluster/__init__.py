"""Engines on other machines: workers that a Dask scheduler lists, each with its own slots."""

import logging

import distributed  # It sets the levels of its own logs when it is imported.

logging.getLogger(distributed.__name__).setLevel(logging.WARNING)
