"""Things: what the detector of objects sees in one look at a picture."""

from typing import NamedTuple

import numpy as np

from engines.core.shapes import Pixels
from engines.models import objects, weights
from engines.vision.scaling import size_of

MOST_OF_A_LOOK = 300
"""Boxes of one look at a picture or a part of it that go on, the best."""
SMALLEST = 8
"""Side of the smallest box worth believing, in pixels of what the network is shown."""


class Found(NamedTuple):
    """A box as floats, a score and a class."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    kind: int


def look(image: Pixels, min_score: float) -> list[Found]:
    """What the network sees in a picture, the best of it first.

    Raises:
        ModelUnavailable: the model or onnxruntime is absent or not what it should be.
    """
    model = weights.model("detector")
    description, size = model.description, size_of(image)
    frame = objects.frame(description, size)
    answer = model.run_all(frame.shown(image, description.pad)[None])
    with weights.reading("detector"):
        rows = objects.read([*answer.values()], description, len(model.labels), frame.canvas)
    sides = rows[:, 2:4] - rows[:, :2]
    is_seen = (sides.min(axis=1) > 0) & (sides.max(axis=1) >= SMALLEST)
    rows = rows[is_seen & (rows[:, 4] >= min_score)]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")[:MOST_OF_A_LOOK]]
    rows[:, :4] = frame.back(rows[:, :4]).clip(0, size * 2)
    return [Found._make([*row[:5], int(row[5])]) for row in rows.tolist()]
