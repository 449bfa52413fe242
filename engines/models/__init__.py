"""Learned models, and the readers of text that use them."""
