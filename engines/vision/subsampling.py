"""Subsampling: the colour that a JPEG has taken away, taken from the other picture as well."""

import cv2
import numpy as np
from cv2.typing import MatLike

from engines.core.shapes import Pixels
from engines.vision.channels import largest
from engines.vision.scaling import size_of

CHANGED_LEVELS = 24
"""What subsampling moves by more tells whether it has been done."""
FEWEST_PIXELS = 50
MOST_LEVELS = 60
"""What is further apart has another cause."""
LEFT = 0.75
"""Share of the distance that may be left if it has: JPEG 60 leaves 0.3 to 0.5, all else over 1."""


def alike(first: Pixels, second: Pixels) -> tuple[Pixels, Pixels]:
    """Both with colour as soft as the softer one's, if one was subsampled and the other was not.

    Most JPEG files have one value of colour for two by two pixels. What that adds to pixels that
    are white or black is cut off, so that coloured letters fade and their ground darkens: neither
    the mean colour nor the brightness is kept.

    Args:
        first: uint8 (H, W, 3), BGR.
        second: of the same size, and neither moved nor scaled against the first.

    Source:
        ITU-T T.81 and T.871 (JFIF); the decoder's interpolation is libjpeg's.
    """
    ours, theirs = subsampled(first), subsampled(second)
    left_of_first, left_of_second = _left(first, ours, second), _left(second, theirs, first)
    if min(left_of_first, left_of_second) > LEFT:
        return first, second
    return (ours, second) if left_of_first < left_of_second else (first, theirs)


def subsampled(image: Pixels) -> Pixels:
    """The picture after a JPEG file of the best quality, 4:2:0.

    Args:
        image: uint8 (H, W, 3), BGR.
    """
    height, width = image.shape[:2]
    even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    luma, *colours = cv2.split(cv2.cvtColor(even, cv2.COLOR_BGR2YCrCb))
    soft = cv2.cvtColor(cv2.merge([luma, *map(_softened, colours)]), cv2.COLOR_YCrCb2BGR)
    return np.asarray(soft[:height, :width], np.uint8)


def _softened(plane: MatLike) -> MatLike:
    width, height = size_of(plane)
    half = cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(half, (width, height), interpolation=cv2.INTER_LINEAR)


def _left(image: Pixels, soft: Pixels, other: Pixels) -> float:
    """What is left of the distance to the other where subsampling has moved the picture."""
    is_moved = largest(cv2.absdiff(image, soft)) > CHANGED_LEVELS
    if np.count_nonzero(is_moved) < FEWEST_PIXELS:
        return 1.0
    before, after = (
        float(np.minimum(cv2.absdiff(one[is_moved], other[is_moved]), MOST_LEVELS).mean())
        for one in (image, soft)
    )
    return after / max(before, 1.0)
