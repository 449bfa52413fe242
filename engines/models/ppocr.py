"""Reading with PP-OCR: lines are found, the page is turned upright, each line is read."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.models import weights
from engines.models.lines import Corners, Line, in_reading_order, moved
from engines.models.recognition import Text, batch, fitted, texts
from engines.models.words import Crop, cut_line
from engines.vision.boxes import corners
from engines.vision.scaling import size_of

LEAST_SIDE = 736
MOST_SIDE = 1600
MOST_ENLARGED = 1.5
ROUGH_PIXELS = 500_000
"""Size of the first look at a page, which is enough for letters of a usual size."""
SMALL_LINE = 15
"""Height of a line in the first look below which a closer one is taken, px."""
THRESHOLD = 0.3
LEAST_LINE_SCORE = 0.5
UNCLIP = 1.6
MOST_LINES = 1000
LEAST_TEXT_SCORE = 0.5
ANGLE_WIDTH = 192
CLEARLY = 1.1
"""Ratio of beliefs from which a page is turned on its head."""
TALL = 1.5
TALL_LETTER = 2.0
"""Height of a single letter's box, in those of the page's lines; above it words run sideways."""
LONG = 2.0
"""Width of a line, in its heights, from which its angle can be told."""
TELLING = 3.0
"""The same for which way lines run on a page."""
CERTAIN = 0.9


def read(image: Pixels) -> list[Line]:
    """The lines of a picture in reading order, corners in its pixels.

    Raises:
        ModelUnavailable: a model or onnxruntime is absent or not what it should be.
    """
    quads = _detect(image)
    turns = _quarter_turns(image, quads)
    page = np.ascontiguousarray(np.rot90(image, turns))
    if turns:
        quads = _detect(page)
    votes = _upside_down([_crop(page, quad).pixels for quad in quads])
    if _is_upside_down(page, quads, votes):
        quads = [np.roll(size_of(page) - quad, 2, axis=0) for quad in quads]
        votes = 1 - votes
        page = np.ascontiguousarray(np.rot90(page, 2))
        turns = (turns + 2) % 4
    lines = in_reading_order(_recognised(page, quads, votes))
    back = _unturned(turns, image.shape[1], image.shape[0])
    return [moved(line, back) for line in lines]


def _unturned(turns: int, width: int, height: int) -> NDArray[np.float64]:
    """From the pixels of a picture turned by quarters, counter-clockwise, to its own."""
    return np.array(
        {
            0: [[1, 0, 0], [0, 1, 0]],
            1: [[0, -1, width], [1, 0, 0]],
            2: [[-1, 0, width], [0, -1, height]],
            3: [[0, 1, 0], [-1, 0, height]],
        }[turns],
        np.float64,
    )


def _detect(page: Pixels) -> list[Corners]:
    """Boxes of lines, which may stand askew; a second, closer look is taken at small letters."""
    height, width = page.shape[:2]
    whole = min(
        max(1.0, min(LEAST_SIDE / min(height, width), MOST_ENLARGED)),
        MOST_SIDE / max(height, width),
    )
    rough = min(whole, float(np.sqrt(ROUGH_PIXELS / (height * width))))
    quads = _detect_at(page, rough)
    if rough < whole and any(min(_size(quad)) * rough < SMALL_LINE for quad in quads):
        return _detect_at(page, whole)
    return quads


def _detect_at(page: Pixels, scale: float) -> list[Corners]:
    height, width = page.shape[:2]
    side = [max(32, round(length * scale / 32) * 32) for length in (width, height)]
    small = cv2.resize(page, (side[0], side[1]))
    network = weights.model("text_detector")
    found = network.run(batch([small.astype(np.uint8, copy=False)]))[0, 0]
    bitmap = cv2.dilate((found > THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(bitmap, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads = [_quad(contour, found) for contour in contours[:MOST_LINES]]
    back = np.array([width / side[0], height / side[1]])
    return [quad * back for quad in quads if quad is not None]


def _quad(contour: MatLike, found: NDArray[np.float32]) -> Corners | None:
    """The box of a line around its shrunk image in the network's answer."""
    centre, (width, height), angle = cv2.minAreaRect(contour)
    if min(width, height) < 3:
        return None
    quad = cv2.boxPoints((centre, (width, height), angle))
    if _mean_inside(found, quad) < LEAST_LINE_SCORE:
        return None
    grown = 2 * width * height * UNCLIP / (2 * (width + height))
    return _clockwise(cv2.boxPoints((centre, (width + grown, height + grown), angle)))


def _mean_inside(found: NDArray[np.float32], quad: MatLike) -> float:
    left, top = np.maximum(np.floor(quad.min(axis=0)), 0).astype(int)
    right, bottom = np.ceil(quad.max(axis=0)).astype(int) + 1
    part = found[top:bottom, left:right]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad - (left, top)).astype(np.int32), 1)
    return float(cv2.mean(part, mask)[0])


def _clockwise(points: MatLike) -> Corners:
    """Corners from the upper left on, of a box that stands less than 45 degrees askew."""
    ordered = points[np.argsort(points[:, 0], kind="stable")].astype(np.float64)
    left = ordered[:2][np.argsort(ordered[:2, 1], kind="stable")]
    right = ordered[2:][np.argsort(ordered[2:, 1], kind="stable")]
    return np.stack([left[0], right[0], right[1], left[1]])


def _size(quad: Corners) -> tuple[float, float]:
    """Width and height."""
    return float(np.hypot(*(quad[1] - quad[0]))), float(np.hypot(*(quad[3] - quad[0])))


def _quarter_turns(page: Pixels, quads: list[Corners]) -> int:
    """How often to turn a page by 90 degrees, counter-clockwise, until its lines are level.

    They may then still stand on their heads. Where no line is long enough to tell, some are read
    in every direction.
    """
    balance = 0.0
    for width, height in map(_size, quads):
        if max(width, height) >= TELLING * min(width, height):
            balance += height if height > width else -width
    if balance:
        return 1 if balance > 0 else 0
    largest = sorted(quads, key=lambda quad: -max(_size(quad)))[:4]
    beliefs = [
        _belief([_crop(page, np.roll(quad, -turns, axis=0)).pixels for quad in largest])
        for turns in range(4)
    ]
    best = int(np.argmax(beliefs))
    return best if beliefs[best] > CLEARLY * beliefs[0] else 0


def _upside_down(pictures: list[Pixels]) -> NDArray[np.float64]:
    """How likely each line stands on its head; 0.5 for lines too short to tell."""
    model = weights.model("text_angle")
    said = [
        model.run(batch([fitted(one, ANGLE_WIDTH)]))[0, 1]
        if one.shape[1] >= LONG * one.shape[0]
        else 0.5
        for one in pictures
    ]
    return np.array(said, np.float64)


def _is_upside_down(page: Pixels, quads: list[Corners], votes: NDArray[np.float64]) -> bool:
    """The vote of the lines, each as heavy as it is long.

    Unless that is clearly no, the longest lines are read both ways: the vote errs on numbers.
    """
    told = votes != 0.5
    if told.any():
        heavy = [min(8.0, width / height) for width, height in map(_size, quads)]
        vote = float(np.average(votes[told], weights=np.array(heavy)[told]))
        if vote < 1 - CERTAIN:
            return False
    longest = sorted(quads, key=lambda quad: -_size(quad)[0])[:4]
    crops = [_crop(page, quad).pixels for quad in longest]
    turned = [np.ascontiguousarray(np.rot90(crop, 2)) for crop in crops]
    return _belief(turned) > CLEARLY * _belief(crops)


def _belief(pictures: list[Pixels]) -> float:
    return sum(one.score for one in texts(pictures))


def _crop(page: Pixels, quad: Corners) -> Crop:
    """The line, level; of a box taller than wide still standing."""
    width, height = (max(1, round(side)) for side in _size(quad))
    level = corners(0, 0, width, height).astype(np.float32)
    onto = cv2.getPerspectiveTransform(quad.astype(np.float32), level)
    pixels = cv2.warpPerspective(
        page, onto, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return Crop(pixels.astype(np.uint8, copy=False), np.linalg.inv(onto.astype(np.float64)))


def _recognised(page: Pixels, quads: list[Corners], votes: NDArray[np.float64]) -> list[Line]:
    """What the lines say, each read in every direction in which it might run."""
    typical = float(np.median([min(_size(quad)) for quad in quads])) if quads else 0.0
    owners, crops = [], []
    for place, quad in enumerate(quads):
        for turn in _directions(quad, typical, votes[place]):
            owners.append(place)
            crops.append(_crop(page, np.roll(quad, turn, axis=0)))
    best: dict[int, tuple[Crop, Text]] = {}
    for place, crop, text in zip(owners, crops, texts([one.pixels for one in crops]), strict=True):
        if place not in best or text.score > best[place][1].score:
            best[place] = (crop, text)
    lines = [cut_line(crop, text) for crop, text in best.values() if text.score >= LEAST_TEXT_SCORE]
    return [line for line in lines if line is not None]


def _directions(quad: Corners, typical: float, vote: float) -> tuple[int, ...]:
    """By how many quarters, clockwise, a line may be turned against the page."""
    width, height = _size(quad)
    if height >= TALL * width and height > TALL_LETTER * typical:
        return (0, 1, 3)
    return (0, 2) if vote > CERTAIN else (0,)
