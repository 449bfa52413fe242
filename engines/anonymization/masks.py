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

Areas = Sequence[NDArray[np.int32]]
"""Polygons (N, 2) of x, y."""


def covered(one: Sighting, window: Box, ignores: Areas) -> NDArray[np.bool_]:
    """The pixels of a window that a sighting hides: bool (h, w).

    Args:
        one: of the picture.
        window: of the picture.
        ignores: areas of the picture in which nothing is hidden.
    """
    filled = np.zeros((window.bottom - window.top, window.right - window.left), np.uint8)
    corner = window.left, window.top
    cv2.fillPoly(filled, [one.outline - corner], 1)
    for area in ignores:
        cv2.fillPoly(filled, [area - corner], 0)
    return filled.astype(np.bool_)


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
