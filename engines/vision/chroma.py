"""Chroma: shapes on a plain ground that has their value, as pure red has that of white."""

from functools import reduce

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.channels import largest
from engines.vision.foreground import Foreground, deviation, fisher_ratio, foreground
from engines.vision.morphology import square
from engines.vision.scaling import scaled, size_of

RINGING, COLOUR_RINGING = 0.1, 0.25
"""What JPEG carries of an edge over a block: a share of its contrast, and of that in colour, of
which it keeps every second pixel."""
RINGING_PX, RINGING_STEP = 16, 4
NOISE = 2.2
"""Times the contrast of the border: more than noise in colour has anywhere."""


def by_value_or_chroma(image: Pixels, by_value: Foreground) -> Pixels:
    """What the better of value and chroma shows, and what the other shows apart from that.

    What is no stronger than the ringing of a JPEG, or than noise in colour, is left out.

    Args:
        image: uint8 (H, W, 3), BGR, on a plain ground.
        by_value: what value shows.

    Returns:
        uint8 (H, W), 1 where an object is.
    """
    chroma = _chroma(image)
    by_colour, ringing = foreground(chroma), _ringing(image, chroma)
    noise = min(255, round(NOISE * deviation(by_colour.contrast)))
    value = _beyond(by_value, ringing)
    colour = _beyond(by_colour, np.maximum(ringing, np.uint8(noise)))
    if fisher_ratio(value) >= fisher_ratio(colour):
        return np.asarray(value.mask | _apart(colour.mask, value.mask), np.uint8)
    larger = _where_larger(value.mask, colour.mask)
    return np.asarray(larger | _apart(value.mask, larger), np.uint8)


def _beyond(found: Foreground, limit: Pixels) -> Foreground:
    """Without parts whose contrast is nowhere beyond a limit."""
    parts, is_sure = _parts_with(found.mask, cv2.compare(found.contrast, limit, cv2.CMP_GT))
    return found._replace(mask=is_sure[parts])


def _ringing(image: Pixels, chroma: Pixels) -> Pixels:
    """How many levels JPEG's coding of the edges nearby may add to a pixel at most."""
    light = RINGING * _range_nearby(image).max(axis=2)
    most = np.maximum(light, COLOUR_RINGING * _range_nearby(chroma)).astype(np.uint8)
    return np.asarray(cv2.resize(most, size_of(image), interpolation=cv2.INTER_NEAREST), np.uint8)


def _range_nearby(image: Pixels) -> Pixels:
    """Of a smaller copy, how far apart the levels around each pixel are."""
    size = scaled(size_of(image), 1 / RINGING_STEP)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    around = square(RINGING_PX // RINGING_STEP)
    return np.asarray(cv2.morphologyEx(small, cv2.MORPH_GRADIENT, around), np.uint8)


def _where_larger(mask: Pixels, other: Pixels) -> Pixels:
    """The other, but where the mask has more of a part: of dark colours a JPEG keeps pieces."""
    count, parts = cv2.connectedComponents(mask | other)
    areas, others = (np.bincount(parts[one > 0], minlength=count) for one in (mask, other))
    is_larger = (areas > others) & (others > 0)
    return np.where(is_larger[parts], mask, other)


def _parts_with(mask: Pixels, marks: MatLike) -> tuple[NDArray[np.int32], Pixels]:
    """The mask's parts by number, and of each number whether a mark lies in it."""
    count, parts = cv2.connectedComponents(mask)
    is_marked = np.bincount(parts[np.asarray(marks) > 0], minlength=count) > 0
    is_marked[0] = False
    return np.asarray(parts, np.int32), is_marked.astype(np.uint8)


def _apart(mask: Pixels, other: Pixels) -> Pixels:
    """Those parts of a mask that are not near the other: JPEG leaves halos of colour there."""
    parts, is_near = _parts_with(mask, cv2.dilate(other, square(RINGING_PX)))
    return np.asarray(mask & (1 - is_near)[parts], np.uint8)


def _chroma(image: Pixels) -> Pixels:
    """Saturation times value: of what is nearly black saturation alone says nothing."""
    least = reduce(cv2.min, cv2.split(image))
    return np.asarray(largest(image) - least, np.uint8)
