"""The commands of `pixelgate`."""
