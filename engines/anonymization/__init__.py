"""The steps of anonymising a picture: find what must not be seen, hide it, and write the file."""
