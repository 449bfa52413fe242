"""Averages: what differs by little, but not at its edges alone, as letters in another ink."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.vision.channels import largest
from engines.vision.morphology import square

CELL_PX = 3
CELL_SIGMA = 1.0
"""By which the cells, means of so many pixels a side, are blurred."""
LEVELS = 7.0
"""A bend or another sampling leaves up to 6 between a cell and those around its place."""
FEWEST_CELLS = 3.0
DETAIL_LEVELS, SAME_LEVELS, FLAT_LEVELS = 12.0, 4.0, 4.0
"""What varies by more around a cell is detail; what is less apart is the same, or flat."""
BESIDE_CELLS, AWAY_CELLS = 3, 4
NOISE_PERCENT = 90
MOST_NOISE = 0.12
"""Levels beside what did not change; another sampling leaves 0.05, a JPEG 60 0.15 to 1.6."""
RAGGEDNESS = 0.25
"""Share of the contrast around a cell by which ragged edges move it."""
ENOUGH_CELLS = 50


def apart_on_average(
    here: NDArray[np.float32],
    there: NDArray[np.float32],
    valid: NDArray[np.bool_],
    *,
    is_ragged: bool = False,
) -> NDArray[np.bool_]:
    """The pixels that differ where the means over a few pixels do, too.

    Where edges lie a little elsewhere, or are softer, each pixel differs but their mean does not.
    So less has to differ than of a pixel alone, if neither picture has noise: a JPEG takes away as
    much of the colour of letters.

    Args:
        here: float32 (H, W, C), levels; of the channels the first one is grey.
        there: of the same size.
        valid: bool (H, W), where both are to be compared.
        is_ragged: whether edges may be ragged, which moves the means of grey levels; then only
            the colours are looked at.
    """
    height, width = valid.shape
    one, other = _cells(here), _cells(there)
    size = one.shape[1], one.shape[0]
    inside = cv2.resize(valid.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    compared = cv2.erode(inside, square(1)) > 0
    near = square(1)
    beyond = np.maximum(_beyond(one, other), _beyond(other, one))
    ranges = [cv2.morphologyEx(each, cv2.MORPH_GRADIENT, near) for each in (one, other)]
    if is_ragged:
        beyond = np.maximum(0, beyond - RAGGEDNESS * np.minimum(*ranges))[:, :, 1:]
    apart = np.sqrt((beyond**2).sum(axis=2)) * compared
    is_strong = apart > LEVELS
    if not is_strong.any():
        return np.zeros_like(valid)
    varied = largest(np.maximum(*ranges))
    if _noise(largest(cv2.absdiff(one, other)), apart, varied, compared) > MOST_NOISE:
        return np.zeros_like(valid)
    weak = (apart > LEVELS / 2).astype(np.uint8)
    count, labels = cv2.connectedComponents(weak, connectivity=8)
    strong = np.bincount(labels[is_strong], (apart / LEVELS)[is_strong], count)
    cells = cv2.dilate((strong >= FEWEST_CELLS)[labels].astype(np.uint8), near)
    around = cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(around & valid)


def _cells(image: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    size = max(1, width // CELL_PX), max(1, height // CELL_PX)
    means = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(means, (0, 0), CELL_SIGMA), np.float32)


def _beyond(image: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much darker or lighter each cell is than all of the other's beside it."""
    darkest, lightest = cv2.erode(other, square(1)), cv2.dilate(other, square(1))
    return np.asarray(np.maximum(0, np.maximum(darkest - image, image - lightest)), np.float32)


def _noise(
    apart: NDArray[np.float32],
    beyond: NDArray[np.float32],
    ranges: NDArray[np.float32],
    compared: NDArray[np.bool_],
) -> float:
    """How far flat cells beside detail that did not change are apart; 255 if there are none."""
    is_other = beyond >= SAME_LEVELS
    detail = ((ranges > DETAIL_LEVELS) & ~is_other).astype(np.uint8)
    beside = cv2.dilate(detail, square(BESIDE_CELLS)) > 0
    beside &= cv2.dilate(is_other.astype(np.uint8), square(AWAY_CELLS)) == 0
    cells = apart[beside & compared & (ranges < FLAT_LEVELS)]
    return float(np.percentile(cells, NOISE_PERCENT)) if len(cells) >= ENOUGH_CELLS else 255.0
