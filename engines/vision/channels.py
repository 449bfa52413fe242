"""The channels of a pixel, looked at together."""

from functools import reduce
from typing import Any

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray


def largest(image: MatLike) -> NDArray[Any]:
    """The largest of each pixel's levels, (H, W); NumPy's own takes ten times as long.

    Args:
        image: (H, W, C).
    """
    return np.asarray(reduce(cv2.max, cv2.split(image)))
