"""Views: a picture looked at whole, in tiles, or as a panorama."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.anonymization.sighting import Sighting, joined
from engines.core.shapes import Pixels
from engines.vision.scaling import shrink, within

FIELD_OF_VIEW = 110
"""Of the looks at the poles, degrees."""
MOST_POLE_PX = 2048
"""Sides of the looks at the poles."""
AROUND = 0.25
"""What a panorama is continued by behind its seam, as a share of its width."""
MOST_SHOWN_PX = 16384
"""Longer side of the panorama that the looks are taken from; OpenCV maps none of 32767."""
MOST_RETURNED_PX = 2048
"""Longer side of the panorama in which regions are brought back from a pole."""
PIXEL_AROUND = np.ones((3, 3), np.uint8)
"""What a region grows by for each time that it is mapped to other pixels."""

Sight: TypeAlias = Callable[[Pixels], list[Sighting]]
Map: TypeAlias = NDArray[np.float32]


def in_tiles(
    image: Pixels, sight: Sight, number: tuple[int, int], overlap: tuple[int, int]
) -> list[Sighting]:
    """What is seen in the whole picture and in tiles of it.

    Args:
        image: uint8 (H, W, 3), BGR.
        number: of tiles across and down.
        overlap: of neighbours across and down, px.
    """
    height, width = image.shape[:2]
    looks = [sight(image)]
    for top, bottom in _parts(height, number[1], overlap[1]):
        for left, right in _parts(width, number[0], overlap[0]):
            tile = np.ascontiguousarray(image[top:bottom, left:right])
            looks.append([one.moved(left, top) for one in sight(tile)])
    return joined(looks)


def _parts(length: int, number: int, overlap: int) -> Iterator[tuple[int, int]]:
    ends = np.linspace(0, length, min(number, length) + 1).round().astype(int).tolist()
    for start, end in pairwise(ends):
        yield max(0, start - overlap // 2), min(length, end + (overlap + 1) // 2)


def around(image: Pixels, sight: Sight) -> list[Sighting]:
    """What is seen in an equirectangular panorama, across its seam and at its poles too.

    Args:
        image: uint8 (H, W, 3), BGR: all around from the left to the right; where it is less high
            than half its width, the horizon is in its middle.
    """
    width = image.shape[1]
    continued = np.hstack([image, image[:, : round(AROUND * width)]])
    level = [part for one in sight(continued) for part in _over_the_seam(one, image)]
    return joined([level, *([*_at_pole(image, sight, sign)] for sign in (1, -1))])


def _over_the_seam(one: Sighting, image: Pixels) -> Iterator[Sighting]:
    height, width = image.shape[:2]
    for shift in (0, -width):
        outline = one.outline + np.array([shift, 0], np.int32)
        part = Sighting.outlined(one.kind, outline, one.score, one.model, (width, height))
        if part:
            yield part


def _at_pole(image: Pixels, sight: Sight, sign: int) -> Iterator[Sighting]:
    """What is seen looking up (1) or down (-1)."""
    height, width = image.shape[:2]
    side = min(MOST_POLE_PX, width // 2 + 1)
    shown = np.asarray(shrink(image, MOST_SHOWN_PX), np.uint8)
    view = cv2.remap(shown, *_to_panorama(side, sign, shown), cv2.INTER_LINEAR)
    across, down = within((width, height), MOST_RETURNED_PX)
    back = _to_pole(side, sign, down, across)
    scale = np.array([width / across, height / down])
    for one in sight(np.asarray(view, np.uint8)):
        filled = cv2.fillPoly(np.zeros((side, side), np.uint8), [one.outline], 1)
        seen = cv2.remap(cv2.dilate(filled, PIXEL_AROUND), *back, cv2.INTER_NEAREST)
        seen = cv2.dilate(seen, PIXEL_AROUND)
        for contour in cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
            outline = (contour[:, 0] + 0.5) * scale - 0.5
            part = Sighting.outlined(one.kind, outline, one.score, one.model, (width, height))
            if part:
                yield part


def _to_panorama(side: int, sign: int, image: Pixels) -> tuple[Map, Map]:
    """Where in the panorama each pixel of the look lies."""
    half = np.tan(np.radians(FIELD_OF_VIEW / 2))
    y, x = np.mgrid[:side, :side]
    x, y = ((2 * (one + 0.5) / side - 1) * half for one in (x, y))
    longitude, latitude = np.arctan2(x, -sign * y), sign * np.arctan2(1, np.hypot(x, y))
    height, width = image.shape[:2]
    across = (longitude / (2 * np.pi) + 0.5) * width - 0.5
    down = height / 2 - latitude / (2 * np.pi) * width - 0.5
    return across.astype(np.float32), down.astype(np.float32)


def _to_pole(side: int, sign: int, height: int, width: int) -> tuple[Map, Map]:
    """Where in the look each pixel of the panorama lies; far outside what is not in it."""
    longitude = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    latitude = sign * (height / 2 - np.arange(height) - 0.5) / width * 2 * np.pi
    half = np.tan(np.radians(FIELD_OF_VIEW / 2))
    radius = np.where(latitude > 0, 1 / np.tan(np.maximum(latitude, 0.01)), 1000) / half
    x, y = np.outer(radius, np.sin(longitude)), np.outer(radius, -sign * np.cos(longitude))
    across, down = ((one + 1) / 2 * side - 0.5 for one in (x, y))
    return across.astype(np.float32), down.astype(np.float32)
