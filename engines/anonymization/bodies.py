"""Bodies: where persons and vehicles are, whatever class the object detector takes them for."""

from collections.abc import Iterator

import numpy as np

from engines import object_detection
from engines.anonymization.sighting import Kind, Thresholds
from engines.core.shapes import Box, Pixels
from engines.object_detection import FoundObject
from engines.vision.boxes import distinct, joint_scores

CLASSES = {
    Kind.PERSON: ("Person",),
    Kind.VEHICLE: ("Bicycle", "Car", "Motorcycle", "Airplane", "Bus", "Train", "Truck", "Boat"),
}
"""The object detector's names of what is hidden."""

LEAST_SCORE = 0.05
"""Of a class, from which it counts among those that a body may be of."""
MOST_CANDIDATES = 1000
SAME = 0.5
"""IoU from which two boxes are of one body."""


def find(
    image: Pixels, thresholds: Thresholds, *, is_glance: bool
) -> Iterator[tuple[Kind, Box, float]]:
    """Each body's kind, box and score, 0..1: how sure it is that there is one of the kind.

    The network shares out between several classes what it takes a vehicle for. That there is none
    must be true of each of them, so their scores are joined as if they were told independently.

    Args:
        image: uint8 (H, W, 3) BGR, of any size.
        is_glance: look once, for what is not small.

    Raises:
        ModelUnavailable: the network cannot be used, or knows no class of a kind.
    """
    wanted = [kind for kind in CLASSES if kind in thresholds]
    if not wanted:
        return
    for kind in wanted:
        object_detection.require_any(CLASSES[kind])
    least = min(LEAST_SCORE, *(thresholds[kind] for kind in wanted))
    seen = object_detection.candidates(image, least, with_tiles=not is_glance)
    for kind in wanted:
        of_kind = [one for one in seen if one.name in CLASSES[kind]]
        best = sorted(of_kind, key=lambda one: -one.score)[:MOST_CANDIDATES]
        for box, score in _joined(best):
            if score >= thresholds[kind]:
                yield kind, box, score


def _joined(seen: list[FoundObject]) -> list[tuple[Box, float]]:
    """One box for each body, of several alike the first."""
    if not seen:
        return []
    boxes = np.array([one.box for one in seen], np.float64)
    scores = np.array([one.score for one in seen])
    joint = joint_scores(boxes, scores, np.array([one.name for one in seen]), SAME)
    return [(seen[at].box, float(joint[at])) for at in distinct(boxes, joint, SAME)]
