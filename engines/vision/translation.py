"""Translation: the shift, by whole pixels where it can be, that lays one picture on another."""

from itertools import product

import cv2
import numpy as np
from cv2.typing import MatLike

from engines.core.errors import NotAlignable
from engines.vision.equality import SAME_DETAIL, is_exact, is_still
from engines.vision.homography import Matrix, outline, transform
from engines.vision.local_contrast import SAME_PATTERN, flattened, pearson
from engines.vision.scaling import reduced, scaled, size_of

_LEAST_OVERLAP = 0.25
"""Share of the smaller picture that has to be on the other, too."""
_SIDE = 2048
"""Longer side, px, at which a shift is looked for: fine print is the same only at its own size."""
_FEW_PIXELS, _SAME_FEW = 2000, 0.85
"""Of so few pixels many are alike by chance."""
_NEARLY_WHOLE_PX = 2.0


def phase_correlation(first: MatLike, second: MatLike) -> Matrix:
    """The shift at which two pictures of one scale show the same, or else the identity.

    Raises:
        NotAlignable: neither is right.

    Source:
        Kuglin and Hines, The phase correlation image alignment method, 1975.
    """
    factor = min(1.0, _SIDE / max(*first.shape, *second.shape))
    here, there = (flattened(reduced(one, scaled(size_of(one), factor))) for one in (first, second))
    # OpenCV reads beyond a picture of one column.
    smallest = np.maximum((1, 2), np.maximum(here.shape, there.shape))
    height, width = (cv2.getOptimalDFTSize(one) for one in smallest)
    (x, y), _ = cv2.phaseCorrelate(*(_padded(one, width, height) for one in (here, there)))
    for right, down in product((0, -width, width), (0, -height, height)):
        shift = _shifting(round(x) + right, round(y) + down)
        parts = common_parts(here, there, shift)
        is_enough = parts[0].size >= _LEAST_OVERLAP * min(here.size, there.size)
        least = SAME_PATTERN if parts[0].size > _FEW_PIXELS else _SAME_FEW
        if is_enough and pearson(*parts) > least:
            return on_whole_pixels(first, second, _shifting(*(shift[:2, 2] / factor)))
    if is_exact(first, second):
        return np.eye(3)
    raise NotAlignable("The two pictures have no common part that could be found.")


def _padded(flattened: MatLike, width: int, height: int) -> MatLike:
    padded = np.zeros((height, width), np.float32)
    padded[: flattened.shape[0], : flattened.shape[1]] = flattened - np.float32(128)
    return padded


def _shifting(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def on_whole_pixels(
    first: MatLike, second: MatLike, matrix: Matrix, *, share: float = SAME_DETAIL
) -> Matrix:
    """The shift by whole pixels next to a matrix, if so much of the detail is the same there."""
    frame = outline(size_of(first))
    moves = transform(frame, matrix) - frame
    if np.ptp(moves, axis=0).max() > _NEARLY_WHOLE_PX:
        return matrix
    x, y = (int(one) for one in np.rint(np.median(moves, axis=0)))
    for right, down in sorted(np.ndindex(3, 3), key=lambda one: abs(one[0] - 1) + abs(one[1] - 1)):
        shift = _shifting(x + right - 1, y + down - 1)
        parts = common_parts(first, second, shift)
        if parts[0].size and is_still(*parts, share=share):
            return shift
    return matrix


def common_parts(first: MatLike, second: MatLike, shift: Matrix) -> tuple[MatLike, MatLike]:
    """What both pictures show, if the first is moved by whole pixels."""
    x, y = (int(one) for one in shift[:2, 2])
    here = first[max(0, -y) :, max(0, -x) :]
    there = second[max(0, y) :, max(0, x) :]
    height, width = np.minimum(here.shape[:2], there.shape[:2])
    return here[:height, :width], there[:height, :width]
