"""The computations, one file each; `engines.core` is what they share."""
