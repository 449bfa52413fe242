"""Masks: which pixels of a picture are hidden, and as what."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.anonymization.sighting import Kind, Sighting
from engines.core.shapes import Box, Pixels

TYPE_BITS = {
    Kind.PERSON: 128,
    Kind.LICENSE_PLATE: 64,
    Kind.FACE: 32,
    Kind.VEHICLE: 16,
    Kind.REGION: 0,
}

STAR = 5
"""Corners from which an outline may go round a pixel twice, which `fillPoly` takes for outside."""

Areas = Sequence[NDArray[np.int32]]
"""Polygons (N, 2) of x, y."""


def covered(one: Sighting, window: Box, ignores: Areas) -> NDArray[np.bool_]:
    """The pixels of a window that a sighting hides: bool (h, w).

    They are those on the outline and all within, also where the outline, drawn by hand perhaps,
    crosses itself or goes round twice; of an ignored area that does, less is ignored.

    Args:
        one: of the picture.
        window: of the picture.
        ignores: areas of the picture in which nothing is hidden.
    """
    corner = window.left, window.top
    filled = np.zeros((window.bottom - window.top, window.right - window.left), np.uint8)
    cv2.fillPoly(filled, [one.outline - corner], 1)
    if len(one.outline) >= STAR:
        filled[_wound(one.outline - corner, window)] = 1
    for area in ignores:
        cv2.fillPoly(filled, [area - corner], 0)
    return filled.astype(np.bool_)


def _wound(corners: NDArray[np.int_], window: Box) -> NDArray[np.bool_]:
    """Which pixels' middles an outline goes round (the nonzero rule), however often: (h, w).

    Args:
        corners: (N, 2) of x, y, from the window's corner.
    """
    height, width = window.bottom - window.top, window.right - window.left
    turns = np.zeros((height, width + 1), np.int16)
    for (x, y), (next_x, next_y) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = np.arange(max(min(y, next_y), 0), min(max(y, next_y), height))
        if len(rows):
            crossed = np.ceil(x + (rows - y) * ((next_x - x) / (next_y - y))).clip(0, width)
            turns[rows, crossed.astype(int)] += 1 if next_y > y else -1
    return np.asarray(np.cumsum(turns[:, :-1], axis=1, dtype=np.int16) != 0)


def instances(found: Sequence[Sighting], size: tuple[int, int], ignores: Areas) -> Pixels:
    """uint8 (H, W, 3), BGR: in green an instance's number, in blue the bits of all types there.

    Numbers are those of the list, from 1; after 255 they begin at 1 again. Where instances
    overlap, the number is that of the first.

    Args:
        found: of the picture.
        size: the picture's height and width.
        ignores: areas in which nothing is hidden.
    """
    mask = np.zeros((*size, 3), np.uint8)
    for number, one in reversed(list(enumerate(found))):
        box = one.box
        part = mask[box.top : box.bottom, box.left : box.right]
        pixels = covered(one, box, ignores)
        part[pixels, 0] |= np.uint8(TYPE_BITS[one.kind])
        part[pixels, 1] = number % 255 + 1
    return mask


def binary(instance_mask: Pixels) -> Pixels:
    """uint8 (H, W): 255 where any instance is."""
    return np.where(instance_mask[..., 1] > 0, np.uint8(255), np.uint8(0))
