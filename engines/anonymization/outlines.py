"""Outlines: persons and vehicles hidden by their shape where a segmenter is sure, else by boxes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.anonymization.sighting import Kind, Sighting
from engines.core.shapes import Pixels
from engines.models import segmenter, weights
from engines.vision.scaling import Size, size_of

ORDER = (Kind.PERSON, Kind.VEHICLE)
"""Of what the segmenter tells."""
LEAST_PIXEL = 0.3
"""How likely a pixel must show a body to be hidden."""
LEAST_SHARE = 0.5
"""Of a box, that must show a body for the segmenter to be believed."""
LEAST_SIDE = 32
"""Of a box, shorter side in pixels of the segmenter's input, likewise."""
MARGIN = 0.08
"""By which a shape grows, as a share of the box's shorter side."""


def outlined(found: list[Sighting], image: Pixels) -> list[Sighting]:
    """Persons and vehicles by their outlines, within their boxes, if there is a segmenter.

    Args:
        found: persons and vehicles by their boxes, with the margin around them.
        image: uint8 (H, W, 3), BGR.

    Raises:
        ModelUnavailable: the segmenter cannot be used.
    """
    if not found or not weights.is_given("segmenter"):
        return found
    likely = dict(zip(ORDER, segmenter.segment(image), strict=True))
    return [_outlined(one, likely[one.kind], size_of(image)) for one in found]


def _outlined(one: Sighting, likely: NDArray[np.float32], size: Size) -> Sighting:
    """By its outline, or by its box where that is small or mostly something else."""
    shorter = min(one.box.right - one.box.left, one.box.bottom - one.box.top)
    if shorter * segmenter.SIDE < LEAST_SIDE * max(size):
        return one
    shown = (segmenter.enlarged(likely, one.box, size) > LEAST_PIXEL).astype(np.uint8)
    if shown.mean() < LEAST_SHARE:
        return one
    reach = 2 * round(MARGIN * shorter) + 1
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    outline = _around(np.asarray(cv2.dilate(shown, around), np.uint8)) + one.box[:2]
    by = f"{one.model}, {weights.model('segmenter').title}"
    return Sighting.outlined(one.kind, outline, one.score, by, size) or one


def _around(shape: Pixels) -> NDArray[np.int32]:
    """One outline around all parts of a shape, and its holes: (N, 2) of x, y."""
    parts = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    loops = [np.concatenate([part[:, 0], part[:1, 0]]) for part in parts]
    # Back the way it came: what joins the parts are lines that enclose nothing.
    return np.asarray(np.concatenate([*loops, *(loop[:1] for loop in loops[-2::-1])]), np.int32)
