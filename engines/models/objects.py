"""What a detector of things is shown of a picture, and what its answer says."""

from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.pixels import Pixels
from engines.models import scores
from engines.models.descriptions import Detector
from engines.models.misfit import Misfit
from engines.models.scores import SLACK
from engines.vision.scaling import Size, scaled

Values: TypeAlias = NDArray[np.float64]

MOST_SHARES = 2.0
"""Coordinate up to which boxes are in shares of the sides; they may reach beyond the picture."""
LIKELY = 0.1
"""Score from which a box says something of its units."""
LEAST_REACH = 1 / 8
"""Of the longer side: where the farthest of all boxes in pixels ends, sure or not, at least."""
SURE, MANY = 0.9, 20
"""Score, and how many boxes of it a picture of nothing may not have; four detectors that were
shown levels 255 times too large gave 54 to 100, and none when shown the right ones."""
LONG_ROWS = {"box, scores": 0, "box, objectness, scores": 1}
"""Those with a score a label, and how many scores stand before these."""
SCORES = {"box, score, class": slice(4, 5), "box, class, score": slice(5, 6)}
"""Which columns are scores; of long rows, all behind the box."""


class Frame(NamedTuple):
    """Where a picture lies in what the network is shown, px.

    Args:
        scale: of its width and height.
    """

    canvas: Size
    inner: Size
    scale: tuple[float, float]

    @property
    def corner(self) -> tuple[int, int]:
        """Left and top of the picture, which lies in the middle."""
        return (self.canvas[0] - self.inner[0]) // 2, (self.canvas[1] - self.inner[1]) // 2

    def shown(self, image: Pixels, pad: int) -> Pixels:
        """The picture as large as the network is shown it, and what is around it."""
        boxed = np.full((self.canvas[1], self.canvas[0], 3), pad, np.uint8)
        left, top = self.corner
        boxed[top : top + self.inner[1], left : left + self.inner[0]] = cv2.resize(
            image, self.inner
        )
        return boxed

    def back(self, boxes: Values) -> Values:
        """Boxes (N, 4) of corners, in pixels of the picture."""
        return np.asarray((boxes - self.corner * 2) / (self.scale * 2))


def frame(description: Detector, size: Size) -> Frame:
    """How a picture of a size is shown."""
    scale = min(shown / own for shown, own in zip(description.shown_size, size, strict=True))
    inner = scaled(size, scale)
    unit = description.multiple_of
    canvas = (
        (inner[0] + -inner[0] % unit, inner[1] + -inner[1] % unit)
        if unit
        else description.shown_size
    )
    if description.fit == "pad":
        return Frame(canvas, inner, (scale, scale))
    return Frame(canvas, canvas, (canvas[0] / size[0], canvas[1] / size[1]))


def read(answer: NDArray[np.float32], description: Detector, labels: int, canvas: Size) -> Values:
    """Rows (N, 6) of left, top, right, bottom in pixels of what was shown, score and class.

    Args:
        answer: (1, N, columns), or (1, columns, N) where the rows hold a score a label.

    Raises:
        Misfit: the answer is not as it is described.
    """
    rows = _rows(answer, description, labels)
    levels, kinds = _scored(rows, description)
    is_there = levels > SLACK
    if not (np.mod(kinds[is_there], 1) == 0).all():
        raise Misfit("its classes are no whole numbers")
    if not ((kinds[is_there] >= 0) & (kinds[is_there] < labels)).all():
        raise Misfit(f"it gives class {kinds[is_there].max():.0f}; its labels are {labels}")
    _check_units(rows[levels > LIKELY, :4], description)
    boxes = _corners(rows[:, :4], description)
    if description.units == "shares":
        boxes *= canvas * 2
    return np.concatenate([boxes, levels[:, None], kinds[:, None]], axis=1)


def _check_units(boxes: Values, description: Detector) -> None:
    """Boxes in pixels do not all lie within the first two, and ones in shares lie about there."""
    far = float(np.abs(boxes).max(initial=0))
    is_far = far > MOST_SHARES
    if far and is_far != (description.units == "pixels"):
        units = "pixels" if is_far else "shares"
        raise Misfit(f"its boxes reach to {far:.3g}; expected units = {units!r}")


def _rows(answer: NDArray[np.float32], description: Detector, labels: int) -> Values:
    is_long, columns = description.row in LONG_ROWS, _columns(description.row, labels)
    is_one = answer.ndim == 3 and answer.shape[0] == 1
    is_upright = is_one and answer.shape[2] == columns
    lies = is_one and is_long and answer.shape[1] == columns
    found = f"its output is {list(answer.shape)}"
    if is_upright and lies:
        raise Misfit(f"{found}, of which rows and columns cannot be told apart")
    if not is_upright and not lies:
        expected = f"[1, *, {columns}]" + (f" or [1, {columns}, *]" if is_long else "")
        fitting = [row for row in LONG_ROWS if _columns(row, labels) in answer.shape[1:]]
        hint = f"; row = {fitting[0]!r} would fit" if fitting else ""
        raise Misfit(
            f"{found}; expected {expected}, rows of {description.row!r} for {labels} labels{hint}"
        )
    return np.asarray(answer[0].T if lies else answer[0], np.float64)


def _columns(row: str, labels: int) -> int:
    return 4 + (LONG_ROWS[row] + labels if row in LONG_ROWS else 2)


def _scored(rows: Values, description: Detector) -> tuple[Values, Values]:
    """The score and the class of each row."""
    told = rows[:, SCORES.get(description.row, slice(4, None))]
    if description.scores == "logits":
        told = scores.sigmoid(told)
    scores.check(told)
    match description.row:
        case "box, score, class":
            return told[:, 0], rows[:, 5]
        case "box, class, score":
            return told[:, 0], rows[:, 4]
        case "box, objectness, scores":
            told = told[:, :1] * told[:, 1:]
    return told.max(axis=1, initial=0), told.argmax(axis=1).astype(np.float64)


def _corners(boxes: Values, description: Detector) -> Values:
    start, size = boxes[:, :2], boxes[:, 2:]
    if description.boxes == "xyxy":
        return boxes
    if description.boxes == "cxcywh":
        start = start - size / 2
    return np.concatenate([start, start + size], axis=1)


def examine(
    answers: list[NDArray[np.float32]], canvases: list[Size], description: Detector, labels: int
) -> None:
    """Hold what a network gives for pictures of nothing against its description.

    Args:
        canvases: the sizes of what was shown.

    Raises:
        Misfit: it is not as it is described.
    """
    rows = np.concatenate([_rows(answer, description, labels) for answer in answers])
    scores.examine(rows[:, SCORES.get(description.row, slice(4, None))], description.scores)
    _check_units(rows[:, :4], description)
    reach, longest = float(np.abs(rows[:, :4]).max(initial=0)), max(map(max, canvases))
    if description.units == "pixels" and 0 < reach < longest * LEAST_REACH:
        raise Misfit(f"its boxes reach to {reach:.3g} of {longest} px; expected decoded boxes")
    shown = zip(answers, canvases, strict=True)
    found = np.concatenate([read(one, description, labels, canvas) for one, canvas in shown])
    sure = int((found[:, 4] > SURE).sum())
    if sure >= MANY:
        raise Misfit(
            f"it is sure of {sure} things in a picture of nothing, as networks are that were made "
            "for smaller levels, or that call nothing a class; expected another range, mean or std"
        )
    are_inverted = (found[:, 2:4] < found[:, :2]).any(axis=1)
    if are_inverted.sum() > len(found) / 2:
        raise Misfit("most of its boxes end before they begin; expected boxes = 'cxcywh' or 'xywh'")
