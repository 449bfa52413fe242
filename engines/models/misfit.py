"""What is wrong with a learned model."""


class Misfit(Exception):
    """A model's file, its description or its answer is not what it should be; the text says how."""
