"""Where licence plates are in a picture: a RetinaFace taught plates, shown it at several sizes."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.models import weights
from engines.vision.boxes import distinct, joint_scores

UNIT = 32
"""The sides of what the network is shown are whole multiples of it, px."""
STRIDES = {8: (24, 48), 16: (96, 192), 32: (384, 768)}
"""Sides of the priors at each cell, px, by the cell's side."""
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2
EUROPEAN = 960, 0.6
"""Longer side, px, and how much of the width is left: the plates that it was taught are shorter."""
AMERICAN = 1280, 1.0
SMALL = 1920, 0.8
MOST_ENLARGED = 16.0
"""Of plates that fill pictures of 20 to 48 px, 0.69 are found, without a bound 0.29."""
TILE = 1280
OVERLAP = 256
"""Of tiles, px; a plate that is larger is seen in the looks at the whole."""
MOST_PIXELS = 5_000_000
"""Of the look in tiles, squeezed too, which pictures get that are larger than `TILE`."""
LEAST_SCORE = 0.1
"""From which on a look counts beside others."""
MOST_CANDIDATES = 1000
"""Of one look, and of all."""
SAME = 0.3
"""IoU from which two boxes show one plate."""


class FoundPlate(NamedTuple):
    """A plate's box and its corners, in pixels of the picture, and how sure the network is.

    Args:
        corners: (4, 2) of x, y: clockwise from the upper left; they may lie outside the picture.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float
    model: str
    corners: NDArray[np.float64]


class _Plates(NamedTuple):
    """Boxes (N, 4), scores (N,) and corners (N, 4, 2)."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    corners: NDArray[np.float64]


def find(image: Pixels, min_score: float, *, is_glance: bool = False) -> list[FoundPlate]:
    """Plates, best first; the boxes lie a little inside, so grow them by 8 to 15 % a side.

    Args:
        image: uint8 (H, W, 3) BGR, of any size.
        min_score: of all looks together. 0.4 to hide plates; higher finds fewer of those below
            64 px, and makes up fewer.
        is_glance: look once, for what is not small.

    Raises:
        ModelUnavailable: the network cannot be used.

    Source:
        Deng et al., RetinaFace: single-shot multi-level face localisation in the wild, CVPR 2020.
    """
    height, width = image.shape[:2]
    looks = [*_looks(image, min(LEAST_SCORE, min_score), is_glance=is_glance)]
    boxes, scores, corners = (np.concatenate(part) for part in zip(*looks, strict=True))
    sources = np.repeat(np.arange(len(looks)), [len(look.scores) for look in looks])
    boxes = boxes.clip(0, (width, height, width, height))
    has_area = (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])
    best = np.argsort(-scores[has_area], kind="stable")[:MOST_CANDIDATES]
    order = np.flatnonzero(has_area)[best]
    boxes, corners = boxes[order], corners[order]
    joint = joint_scores(boxes, scores[order], sources[order], SAME)
    title = weights.model("plate_detector").title
    return [
        FoundPlate(left, top, right, bottom, float(joint[one]), title, corners[one])
        for one in distinct(boxes, joint, SAME)
        if joint[one] >= min_score
        for left, top, right, bottom in [boxes[one].tolist()]
    ]


def _looks(image: Pixels, min_score: float, *, is_glance: bool) -> Iterator[_Plates]:
    if is_glance:
        yield _look_at_whole(image, EUROPEAN, min_score)
        return
    mirrored = np.ascontiguousarray(image[:, ::-1])
    for view in (EUROPEAN, AMERICAN, SMALL):
        yield _look_at_whole(image, view, min_score)
        yield _mirrored(_look_at_whole(mirrored, view, min_score), image.shape[1])
    if max(image.shape[:2]) > TILE:
        yield from _look_in_tiles(image, min_score)


def _look_at_whole(image: Pixels, view: tuple[int, float], min_score: float) -> _Plates:
    height, width = image.shape[:2]
    longer, squeeze = view
    scale = min(MOST_ENLARGED, longer / max(height, width))
    return _look(image, (width * scale * squeeze, height * scale), min_score)


def _mirrored(found: _Plates, width: int) -> _Plates:
    """What was seen in the mirror image of a picture so wide, in the picture."""
    left, top, right, bottom = found.boxes.T
    boxes = np.stack([width - right, top, width - left, bottom], axis=1)
    corners = _clockwise(np.array([width, 0]) + found.corners * (-1, 1))
    return _Plates(boxes, found.scores, corners)


def _look_in_tiles(image: Pixels, min_score: float) -> Iterator[_Plates]:
    height, width = image.shape[:2]
    _, squeeze = EUROPEAN
    scale = min(1.0, float(np.sqrt(MOST_PIXELS / (height * width * squeeze))))
    tile, step = round(TILE / scale), round((TILE - OVERLAP) / scale)
    for top in range(0, max(1, height - tile + step), step):
        for left in range(0, max(1, width - tile + step), step):
            part = image[top : top + tile, left : left + tile]
            sides = part.shape[1] * scale * squeeze, part.shape[0] * scale
            boxes, scores, corners = _look(part, sides, min_score)
            corner = np.array([left, top])
            yield _Plates(boxes + np.tile(corner, 2), scores, corners + corner)


def _look(image: Pixels, sides: tuple[float, float], min_score: float) -> _Plates:
    """Plates in pixels of the picture.

    Args:
        sides: width and height to show it at, px, before they are rounded.
    """
    width, height = (max(UNIT, UNIT * round(side / UNIT)) for side in sides)
    method = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    shown = cv2.resize(image, (width, height), interpolation=method)
    answer = weights.model("plate_detector").run_all(np.asarray(shown[None], np.uint8))
    scores = answer["conf"][0, :, 1].astype(np.float64)
    best = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    best = best[scores[best] >= min_score]
    centres, sizes = (part[best] for part in _priors(width, height))
    loc = answer["loc"][0, best].astype(np.float64)
    landmarks = answer["landms"][0, best].astype(np.float64).reshape(-1, 4, 2)
    middle = centres + loc[:, :2] * CENTRE_VARIANCE * sizes
    half = sizes * np.exp(loc[:, 2:] * SIZE_VARIANCE) / 2
    points = centres[:, None] + landmarks * CENTRE_VARIANCE * sizes[:, None]
    to_picture = np.array([image.shape[1] / width, image.shape[0] / height])
    boxes = np.concatenate([(middle - half) * to_picture, (middle + half) * to_picture], axis=1)
    return _Plates(boxes, scores[best].clip(0, 1), _clockwise(points * to_picture))


def _priors(width: int, height: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres and sizes (N, 2), px of the input, in the order of the network's answer."""
    centres, sizes = [], []
    for stride, sides in STRIDES.items():
        y, x = np.mgrid[: height // stride, : width // stride] + 0.5
        cells = np.stack([x, y], axis=-1).reshape(-1, 2) * stride
        centres.append(np.repeat(cells, len(sides), axis=0))
        sizes.append(np.tile(np.repeat(sides, 2).reshape(-1, 2), (len(cells), 1)))
    return np.concatenate(centres), np.concatenate(sizes).astype(np.float64)


def _clockwise(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each plate's corners (N, 4, 2) from the upper left on."""
    around = corners - corners.mean(axis=1, keepdims=True)
    order = np.argsort(np.arctan2(around[..., 1], around[..., 0]), axis=1)
    return np.take_along_axis(corners, order[..., None], axis=1)
