"""Reading with PP-OCR: lines are found, the page is turned upright, each line is read."""

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core import progress
from engines.core.shapes import Pixels
from engines.models import letter_spacing, weights
from engines.models.detection import detect, look, size
from engines.models.lines import Corners, Line, in_reading_order, moved
from engines.models.recognition import Text, fitted, texts, width_at
from engines.models.words import Crop, cut_line
from engines.vision.boxes import corners
from engines.vision.scaling import size_of

LEAST_TEXT_SCORE = 0.5
ANGLE_WIDTH = 192
ANGLE_HEIGHT = 48
LOOKING = 0.2
"""Share of the time that lines take to be found; the rest is for reading them."""
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
        EngineError: the picture holds more lines than there is time for.
        ModelUnavailable: a model or onnxruntime is absent or not what it should be.
    """
    quads = detect(image, _looked)
    turns = _quarter_turns(image, quads)
    page = np.ascontiguousarray(np.rot90(image, turns))
    if turns:
        quads = detect(page, _looked)
    crops = [_crop(page, quad) for quad in quads]
    votes = _upside_down([one.pixels for one in crops])
    if _is_upside_down(page, quads, votes):
        quads = [np.roll(size_of(page) - quad, 2, axis=0) for quad in quads]
        votes = 1 - votes
        page = np.ascontiguousarray(np.rot90(page, 2))
        crops = [_crop(page, quad) for quad in quads]
        turns = (turns + 2) % 4
    lines = _in_reading_order(_recognised(page, quads, crops, votes))
    lines = [letter_spacing.closed(line, partial(_crop, page)) for line in lines]
    back = _unturned(turns, image.shape[1], image.shape[0])
    return [moved(line, back) for line in lines]


def read_once(image: Pixels) -> list[tuple[Corners, Text]]:
    """The boxes of lines and what they say, in no order.

    For a part of a picture in which lines stand upright and letters have a usual size.

    Raises:
        ModelUnavailable: a model or onnxruntime is absent or not what it should be.
    """
    quads = look(image, 1.0)
    return [*zip(quads, texts([_crop(image, quad).pixels for quad in quads]), strict=True)]


def _looked(share: float) -> None:
    progress.report(LOOKING * share)


def _read(share: float) -> None:
    progress.report(LOOKING + (1 - LOOKING) * share)


def _in_reading_order(lines: list[Line]) -> list[Line]:
    """Lines that run one way after the other, for a row's pieces are those that do."""
    ordered = []
    for turns in range(4):
        upright = _unturned(turns, 0, 0)
        alike = [moved(line, upright) for line in lines if _way(line) == turns]
        ordered += [moved(line, _unturned(-turns % 4, 0, 0)) for line in in_reading_order(alike)]
    return ordered


def _way(line: Line) -> int:
    """By how many quarters, counter-clockwise, a line is to be turned to be upright."""
    x, y = line.corners[1] - line.corners[0]
    return round(float(np.arctan2(y, x)) / (np.pi / 2)) % 4


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


def _quarter_turns(page: Pixels, quads: list[Corners]) -> int:
    """How often to turn a page by 90 degrees, counter-clockwise, until its lines are level.

    They may then still stand on their heads. Where no line is long enough to tell, some are read
    in every direction.
    """
    balance = 0.0
    for width, height in map(size, quads):
        if max(width, height) >= TELLING * min(width, height):
            balance += height if height > width else -width
    if balance:
        return 1 if balance > 0 else 0
    largest = sorted(quads, key=lambda quad: -max(size(quad)))[:4]
    beliefs = [
        _belief([_crop(page, np.roll(quad, -turns, axis=0)).pixels for quad in largest])
        for turns in range(4)
    ]
    best = int(np.argmax(beliefs))
    return best if beliefs[best] > CLEARLY * beliefs[0] else 0


def _upside_down(pictures: list[Pixels]) -> NDArray[np.float64]:
    """How likely each line stands on its head; 0.5 for lines too short to tell."""
    said = [_is_turned(one) if one.shape[1] >= LONG * one.shape[0] else 0.5 for one in pictures]
    return np.array(said, np.float64)


def _is_turned(picture: Pixels) -> float:
    start = _start(picture)
    own = min(ANGLE_WIDTH, width_at(start, ANGLE_HEIGHT))
    shown = fitted(start, own, (ANGLE_WIDTH, ANGLE_HEIGHT))
    return float(weights.model("text_angle").run(shown[None])[0, 1])


def _start(picture: Pixels) -> Pixels:
    """As much of a line as is not squeezed when it is shown to the network."""
    return picture[:, : picture.shape[0] * ANGLE_WIDTH // ANGLE_HEIGHT]


def _is_upside_down(page: Pixels, quads: list[Corners], votes: NDArray[np.float64]) -> bool:
    """The vote of the lines, each as heavy as it is long.

    Unless that is clearly no, the longest lines are read both ways: the vote errs on numbers.
    """
    told = votes != 0.5
    if told.any():
        heavy = [min(8.0, width / height) for width, height in map(size, quads)]
        vote = float(np.average(votes[told], weights=np.array(heavy)[told]))
        if vote < 1 - CERTAIN:
            return False
    longest = sorted(quads, key=lambda quad: -size(quad)[0])[:4]
    crops = [_crop(page, quad).pixels for quad in longest]
    turned = [np.ascontiguousarray(np.rot90(crop, 2)) for crop in crops]
    return _belief(turned) > CLEARLY * _belief(crops)


def _belief(pictures: list[Pixels]) -> float:
    return sum(one.score for one in texts(pictures))


def _crop(page: Pixels, quad: Corners) -> Crop:
    """The line, level; of a box taller than wide still standing."""
    width, height = (max(1, round(side)) for side in size(quad))
    level = corners(0, 0, width, height).astype(np.float32)
    # Of a part of the page, for OpenCV warps none with a side above 32,767 px.
    left, top = np.clip(np.floor(quad.min(axis=0)) - 2, 0, np.subtract(size_of(page), 1)).astype(
        int
    )
    right, bottom = np.maximum(np.ceil(quad.max(axis=0)) + 3, (left + 1, top + 1)).astype(int)
    part = page[top:bottom, left:right]
    onto = cv2.getPerspectiveTransform((quad - (left, top)).astype(np.float32), level)
    pixels = cv2.warpPerspective(
        part, onto, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    back = np.linalg.inv(onto.astype(np.float64))
    moved_back = np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]]) @ back
    return Crop(pixels.astype(np.uint8, copy=False), moved_back)


def _recognised(
    page: Pixels, quads: list[Corners], crops: list[Crop], votes: NDArray[np.float64]
) -> list[Line]:
    """What the lines say, each read in every direction in which it might run."""
    typical = float(np.median([min(size(quad)) for quad in quads])) if quads else 0.0
    owners, tried = [], []
    for place, (quad, crop) in enumerate(zip(quads, crops, strict=True)):
        for turn in _directions(quad, typical, votes[place]):
            owners.append(place)
            tried.append(_crop(page, np.roll(quad, turn, axis=0)) if turn else crop)
    said = texts([one.pixels for one in tried], _read)
    best: dict[int, tuple[Crop, Text]] = {}
    for place, crop, text in zip(owners, tried, said, strict=True):
        if place not in best or text.score > best[place][1].score:
            best[place] = (crop, text)
    lines = [cut_line(crop, text) for crop, text in best.values() if text.score >= LEAST_TEXT_SCORE]
    return [line for line in lines if line is not None]


def _directions(quad: Corners, typical: float, vote: float) -> tuple[int, ...]:
    """By how many quarters, clockwise, a line may be turned against the page."""
    width, height = size(quad)
    if height >= TALL * width and height > TALL_LETTER * typical:
        return (0, 1, 3)
    return (0, 2) if vote > 0.5 else (0,)
