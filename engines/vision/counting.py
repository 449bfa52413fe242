"""Order statistics of levels by counting, which takes a tenth of the time that sorting does."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray


def percentile(levels: MatLike, percent: float, most: int = 255) -> float:
    """NumPy's percentile, between two levels by a straight line.

    Args:
        levels: uint8 or uint16 (H, W) or (H, W, C), not empty.
        percent: 0..100.
        most: the highest level that there can be.
    """
    place = percent / 100 * (levels.size - 1)
    neighbours = int(place), -int(-place // 1)
    lower, upper = np.searchsorted(cumulative_counts(levels, most), neighbours, "right").tolist()
    return float(lower + (upper - lower) * (place % 1))


def cumulative_counts(levels: MatLike, most: int = 255) -> NDArray[np.float64]:
    """Of each level, how many are no higher."""
    plane = levels.reshape(len(levels), -1)
    counts = cv2.calcHist([plane], [0], None, [most + 1], [0, most + 1])
    # Sums of 32 bits would lose counts above 16 megapixels.
    return np.cumsum(counts, dtype=np.float64)
