"""Where faces are in a picture: CenterFace, shown it at several sizes, turned and mirrored."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.models import weights
from engines.vision.boxes import distinct
from engines.vision.scaling import scaled

CELL = 4
"""Side of a cell of the network's answer, px of its input."""
UNIT = 32
"""The sides of what the network is shown are whole multiples of it, px."""
TILE = 1024
OVERLAP = 128
"""Of tiles, px of the network's input; a face that is larger is seen in the smaller looks."""
NEAR_EDGE = 8
"""Within a tile, px: what reaches so near to an edge that another tile covers is left to that."""
MOST_ENLARGED = 3.0
"""The network finds faces of 10 to 16 px only when they are enlarged: at twice 0.66 of them."""
MOST_PIXELS = 3_000_000
"""Of the closest look at a picture that is enlarged for it; it bounds the time."""
MOST_PIXELS_AS_THEY_ARE = 12_000_000
"""Larger pictures are reduced to it; reduced to 3 megapixels, 12 lost half of their small faces."""
LEAST_SIDE = 320
"""Of the smallest look, longer side, px: a face may fill the picture."""
MOST_TURNED_PIXELS = 500_000
"""Of a look at the picture on its side or head; there are three."""
MOST_CANDIDATES = 1000
"""Of one tile."""
LARGE = 96
"""Height in a look, px, from which on a pattern is taken for a face more often than a face is
found by this look alone: it is smaller in the next."""
LEAST_SCORE_OF_LARGE = 0.35
SAME = 0.3
"""IoU from which two boxes show one face."""

Boxes: TypeAlias = NDArray[np.float64]
"""(N, 5): left, top, right, bottom, score."""


class _View(NamedTuple):
    """How the network is shown a picture.

    Args:
        scale: of the picture.
        turns: by a quarter, counter-clockwise.
        is_mirrored: left for right, before it is turned.
    """

    scale: float
    turns: int = 0
    is_mirrored: bool = False


class FoundFace(NamedTuple):
    """A face's box, in pixels of the picture, and how sure the network is of it, 0..1."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    model: str


def find(image: Pixels, min_score: float, *, is_glance: bool = False) -> list[FoundFace]:
    """Faces, best first, whichever way up they are.

    Pictures of up to a third of a megapixel are enlarged three times, so that small faces are
    found; larger ones to 3 megapixels, and none is reduced that has 12 or less.

    Args:
        image: uint8 (H, W, 3) BGR, of any size.
        min_score: 0.2 to hide faces, though a pattern may be taken for one; 0.3 finds fewer small
            and smeared ones, and makes up fewer. What is large in a look has 0.35 at least. The
            faces of animals are found as well.
        is_glance: look once, at the picture's own size, for upright faces of some 16 px and more.

    Raises:
        ModelUnavailable: the network cannot be used.

    Source:
        Xu et al., CenterFace: joint face detection and alignment using face as point, 2019.
    """
    height, width = image.shape[:2]
    glance = _View(min(1.0, _scale(height, width, MOST_PIXELS)))
    views = [glance] if is_glance else _views(height, width)
    found = np.concatenate([_look(image, view, min_score) for view in views])
    found[:, :4] = found[:, :4].clip(0, (width, height, width, height))
    found = found[(found[:, 0] < found[:, 2]) & (found[:, 1] < found[:, 3])]
    found = found[distinct(found[:, :4], found[:, 4], SAME)]
    title = weights.model("face_detector").title
    return [
        FoundFace(left, top, right, bottom, score, title)
        for left, top, right, bottom, score in found.tolist()
    ]


def _views(height: int, width: int) -> Iterator[_View]:
    as_it_is = min(1.0, _scale(height, width, MOST_PIXELS_AS_THEY_ARE))
    enlarged = _scale(height, width, MOST_PIXELS)
    scale = max(as_it_is, enlarged)
    yield _View(scale)
    # Of faces that are covered in part, the network may know one way round alone.
    yield _View(enlarged, is_mirrored=True)
    while scale * max(height, width) > LEAST_SIDE:
        scale /= 2
        yield _View(scale)
    for turns in (1, 2, 3):
        yield _View(_scale(height, width, MOST_TURNED_PIXELS), turns)


def _scale(height: int, width: int, most_pixels: int) -> float:
    return min(MOST_ENLARGED, float(np.sqrt(most_pixels / (height * width))))


def _look(image: Pixels, view: _View, min_score: float) -> Boxes:
    """Boxes in pixels of the picture, from one view of it."""
    height, width = image.shape[:2]
    sides = scaled((width, height), view.scale)
    method = cv2.INTER_AREA if view.scale < 1 else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(image, sides, interpolation=method), np.uint8)
    shown = resized[:, ::-1] if view.is_mirrored else resized
    found = _detect_in_tiles(np.rot90(shown, view.turns), min_score)
    is_large = found[:, 3] - found[:, 1] >= LARGE
    found = found[~is_large | (found[:, 4] >= LEAST_SCORE_OF_LARGE)]
    for done in range(view.turns, 0, -1):
        # Turned back by one; an odd number of turns has laid the width upright.
        across = sides[0] if done % 2 else sides[1]
        left, top, right, bottom, score = found.T
        found = np.stack([across - bottom, left, across - top, right, score], axis=1)
    if view.is_mirrored:
        found[:, [0, 2]] = sides[0] - found[:, [2, 0]]
    found[:, :4] *= np.array([width, height, width, height]) / (*sides, *sides)
    return found


def _detect_in_tiles(image: Pixels, min_score: float) -> Boxes:
    height, width = image.shape[:2]
    found = [np.empty((0, 5))]
    for top in _starts(height):
        for left in _starts(width):
            boxes = _detect(image[top : top + TILE, left : left + TILE], min_score)
            boxes[:, :4] += (left, top, left, top)
            # A face that an edge cuts has a box that is short and sure, and would oust the whole.
            is_cut = (
                ((boxes[:, 0] < left + NEAR_EDGE) & (left > 0))
                | ((boxes[:, 1] < top + NEAR_EDGE) & (top > 0))
                | ((boxes[:, 2] > left + TILE - NEAR_EDGE) & (left + TILE < width))
                | ((boxes[:, 3] > top + TILE - NEAR_EDGE) & (top + TILE < height))
            )
            found.append(boxes[~is_cut])
    return np.concatenate(found)


def _starts(length: int) -> range:
    return range(0, max(1, length - OVERLAP), TILE - OVERLAP)


def _detect(tile: Pixels, min_score: float) -> Boxes:
    """Boxes in pixels of the tile."""
    height, width = tile.shape[:2]
    padded = cv2.copyMakeBorder(tile, 0, -height % UNIT, 0, -width % UNIT, cv2.BORDER_CONSTANT)
    answer = weights.model("face_detector").run_all(np.asarray(padded[None], np.uint8))
    heat = answer["heatmap"][0, 0]
    is_peak = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat >= min_score)
    rows, columns = np.nonzero(is_peak)
    best = np.argsort(-heat[rows, columns], kind="stable")[:MOST_CANDIDATES]
    rows, columns = rows[best], columns[best]
    down, across = np.exp(answer["scale"][0][:, rows, columns].astype(np.float64)) * CELL / 2
    offset = answer["offset"][0][:, rows, columns]
    y, x = (rows + offset[0] + 0.5) * CELL, (columns + offset[1] + 0.5) * CELL
    scores = heat[rows, columns].clip(0, 1)
    return np.stack([x - across, y - down, x + across, y + down, scores], axis=1)
