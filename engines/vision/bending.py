"""Bending: the smooth local motion that a homography leaves, and a picture without it.

Line scans, curled paper, lenses and a little depth move parts by a few pixels.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.morphology import square

ROUNDS = 2
MOST_PX = 6.0
"""What lies further away has moved."""
LEAST_GAIN = 0.25
"""Share of the distance that has to go; else there is no bend, and moving only softens edges."""
SMOOTH = 0.04
"""Sigma of the field, share of the longer side: a bend is wide, a moved part is not."""
ALIKE_LEVELS = 60
"""What differs by more after the flow is no guide to it."""
NOISE_LEVELS = 12
LEAST_FLOW_PX = 32
"""Lower or narrower pictures crash OpenCV's flow: its patches of 8 px at a quarter of the size."""
DOUBT = 0.005
"""Weight of no motion everywhere, as a share of a black and white edge's."""

Plane = NDArray[np.float32]


def unbent(first: Plane, second: Plane, valid: NDArray[np.bool_]) -> Plane:
    """The second picture, moved smoothly by a few pixels to where the first shows the same.

    Args:
        first: (H, W, 3), BGR, in the second's light.
        second: of the same size, laid on the first by a homography.
        valid: bool (H, W), where both show something.

    Source:
        own, on Kroeger et al., Fast optical flow using dense inverse search, ECCV 2016; its flow
        is averaged where it leads to what looks alike, so that a changed part is no guide.
    """
    here = _soft(first)
    field = np.zeros((*valid.shape, 2), np.float32)
    for _ in range(ROUNDS):
        field += _bend(here, _soft(_moved(second, field)), valid)
    moved = _moved(second, field)
    before, after = (_apart(here, _soft(one))[valid].sum() for one in (second, moved))
    return moved if before - after > LEAST_GAIN * before else second


def _bend(here: Pixels, there: Pixels, valid: NDArray[np.bool_]) -> Plane:
    flow = _flow(here, there)
    is_alike = cv2.absdiff(_moved(there, flow), here) <= ALIKE_LEVELS
    is_near = np.abs(flow).max(axis=2) <= MOST_PX
    edges = cv2.morphologyEx(here, cv2.MORPH_GRADIENT, square(1)) / np.float32(255)
    weights = edges * (is_alike & is_near & valid)
    sigma = SMOOTH * max(valid.shape)
    total = cv2.GaussianBlur(flow * weights[..., None], (0, 0), sigma)
    return np.asarray(total / (cv2.GaussianBlur(weights, (0, 0), sigma) + DOUBT)[..., None])


def _flow(here: Pixels, there: Pixels) -> Plane:
    height, width = here.shape
    below, beside = max(0, LEAST_FLOW_PX - height), max(0, LEAST_FLOW_PX - width)
    first, second = (
        cv2.copyMakeBorder(one, 0, below, 0, beside, cv2.BORDER_REPLICATE) for one in (here, there)
    )
    flow = np.zeros((*first.shape, 2), np.float32)
    cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(first, second, flow)
    return flow[:height, :width]


def _apart(here: Pixels, there: Pixels) -> NDArray[np.int64]:
    """How far they are from each other by more than noise, and by no more than a bend explains."""
    return np.clip(cv2.absdiff(here, there), NOISE_LEVELS, ALIKE_LEVELS).astype(int) - NOISE_LEVELS


def _soft(image: Plane) -> Pixels:
    grey = cv2.cvtColor(np.clip(image, 0, 255).astype(np.uint8), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 1), np.uint8)


def _moved(image: NDArray[Any], field: Plane) -> NDArray[Any]:
    height, width = field.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    map_x, map_y = x + field[..., 0], y + field[..., 1]
    # Interpolated linearly: beyond an edge a cubic one overshoots.
    return np.asarray(
        cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
