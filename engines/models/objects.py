"""What a detector of things is shown of a picture, and what its answer says."""

from collections.abc import Iterator, Sequence
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
Parts: TypeAlias = Sequence[NDArray[np.float32]]
"""The outputs that lie side by side."""

MOST_SHARES = 2.0
"""Coordinate up to which boxes are in shares of the sides; they may reach beyond the picture."""
LIKELY = 0.1
"""Score from which a box says something of its units."""
LEAST_REACH = 1 / 8
"""Of the longer side: where the farthest of all boxes in pixels ends, sure or not, at least."""
SURE, MANY = 0.9, 20
"""Score, and how many boxes of it a picture of nothing may not have; four detectors that were
shown levels 255 times too large gave 54 to 100, and none when shown the right ones."""
LONG_ROWS = ("box, scores", "box, objectness, scores")
"""Those with a score a label."""
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


def read(answer: Parts, description: Detector, labels: int, canvas: Size) -> Values:
    """Rows (N, 6) of left, top, right, bottom in pixels of what was shown, score and class.

    Args:
        answer: each (1, N, columns) or (1, N), or without the axis of the picture; where the rows
            hold a score a label perhaps (1, columns, N).

    Raises:
        Misfit: the answer is not as it is described.
    """
    rows = _rows(answer, description, labels)
    levels, kinds = _scored(rows, description, labels)
    is_there = levels > SLACK
    if not (np.mod(kinds[is_there], 1) == 0).all():
        raise Misfit("its classes are no whole numbers")
    is_known = (kinds >= 0) & (kinds < labels) & (np.mod(kinds, 1) == 0)
    if not is_known[is_there].all():
        raise Misfit(f"it gives class {kinds[is_there].max():.0f}; its labels are {labels}")
    rows, levels, kinds = rows[is_known], levels[is_known], kinds[is_known]
    if not np.isfinite(rows).all():
        raise Misfit("its boxes are no numbers")
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


def _rows(answer: Parts, description: Detector, labels: int) -> Values:
    is_of_pictures = answer[0].ndim > 2 and all(one.shape[:1] == (1,) for one in answer)
    parts = [one[0] for one in answer] if is_of_pictures else answer
    fitting = [*_fitting(parts, description, labels)]
    if len(fitting) == 1:
        return fitting[0]
    shapes = " and ".join(str(list(one.shape)) for one in answer)
    found = f"its output{' is' if len(answer) == 1 else 's are'} {shapes}"
    if fitting:
        raise Misfit(f"{found}, of which rows and columns cannot be told apart")
    raise Misfit(
        f"{found}; expected {_expected(answer, description, labels)}"
        + _hint(parts, description, labels)
    )


def _expected(answer: Parts, description: Detector, labels: int) -> str:
    widths = _widths(description, labels)
    columns = sum(widths)
    shapes = f"[1, *, {columns}]" + (f" or [1, {columns}, *]" if description.is_long else "")
    if len(answer) > 1:
        shapes = f"as many rows in each, of {' + '.join(map(str, widths))} columns"
    classes = f"{labels} labels" + (" and a background" if description.background else "")
    return f"{shapes}, rows of {description.row!r} for {classes}"


def _widths(description: Detector, labels: int) -> list[int]:
    """Columns of each part of a row."""
    scores = labels + (description.background is not None)
    return [{"box": 4, "scores": scores}.get(part, 1) for part in description.parts]


def _fitting(parts: Parts, description: Detector, labels: int) -> Iterator[Values]:
    """The outputs side by side as rows, upright and lying, if they begin where parts of rows do."""
    if any(one.ndim not in (1, 2) for one in parts):
        return
    ends = np.cumsum(_widths(description, labels)).tolist()
    for turned in (parts, [one.T for one in parts]) if description.is_long else (parts,):
        sides = [one if one.ndim == 2 else one[:, None] for one in turned]
        own = np.cumsum([one.shape[1] for one in sides]).tolist()
        if len({len(one) for one in sides}) == 1 and {*own} <= {*ends} and own[-1] == ends[-1]:
            yield np.concatenate(sides, axis=1, dtype=np.float64)


def _hint(parts: Parts, description: Detector, labels: int) -> str:
    """What else could be told of such an answer."""
    others = {f"row = {row!r}": {"row": row} for row in LONG_ROWS}
    others["background = 'first' or 'last'"] = {"background": "first"}
    told = [
        words
        for words, other in others.items()
        if [*_fitting(parts, description.model_copy(update=other), labels)]
    ]
    return f"; {' or '.join(told)} would fit" if told else ""


def _scored(rows: Values, description: Detector, labels: int) -> tuple[Values, Values]:
    """The score and the class of each row; a row of the background has no score."""
    told = rows[:, SCORES.get(description.row, slice(4, None))]
    match description.scores:
        case "logits":
            told = scores.sigmoid(told)
        case "exclusive logits":
            told = scores.softmax(told)
    scores.check(told)
    match description.row:
        case "box, score, class":
            return _without_background(told[:, 0], rows[:, 5], description, labels)
        case "box, class, score":
            return _without_background(told[:, 0], rows[:, 4], description, labels)
        case "box, objectness, scores":
            told = told[:, :1] * told[:, 1:]
    if description.background:
        told = told[:, 1:] if description.background == "first" else told[:, :-1]
    return told.max(axis=1, initial=0), told.argmax(axis=1).astype(np.float64)


def _without_background(
    levels: Values, kinds: Values, description: Detector, labels: int
) -> tuple[Values, Values]:
    match description.background:
        case "first":
            return np.where(kinds == 0, 0, levels), kinds - 1
        case "last":
            return np.where(kinds == labels, 0, levels), kinds
    return levels, kinds


def _corners(boxes: Values, description: Detector) -> Values:
    start, size = boxes[:, :2], boxes[:, 2:]
    if description.boxes == "xyxy":
        return boxes
    if description.boxes == "yxyx":
        return boxes[:, [1, 0, 3, 2]]
    if description.boxes == "cxcywh":
        start = start - size / 2
    return np.concatenate([start, start + size], axis=1)


def examine(
    answers: Sequence[Parts], canvases: list[Size], description: Detector, labels: int
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
