"""The colours of a picture: what is looked at, and which of it are colours of their own."""
