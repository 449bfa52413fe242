"""imagehash, which most people would take to find copies; run where it is installed."""

import importlib.util

import cv2
from PIL import Image

from engines.core.shapes import Pixels

NAME = "imagehash phash, at most 10 of 64 bits"
MISSING = "imagehash is not installed: pip install imagehash"
MOST_BITS = 10


def is_present() -> bool:
    """Whether it can be asked; `MISSING` says what to do if not."""
    return importlib.util.find_spec("imagehash") is not None


def is_match(first: Pixels, second: Pixels) -> bool:
    """Whether the perceptual hashes are near enough."""
    import imagehash  # type: ignore[import-not-found, unused-ignore]

    one, other = (
        imagehash.phash(Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))
        for image in (first, second)
    )
    return bool(one - other <= MOST_BITS)
