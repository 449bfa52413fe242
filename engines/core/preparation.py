"""What a process is told before it computes."""

from engines.core import pixels


def prepare(max_pixels: int = 100_000_000) -> None:
    """Set the limits of this process."""
    pixels.configure(pixels.Limits(max_pixels=max_pixels))
