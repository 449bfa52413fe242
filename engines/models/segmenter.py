"""Which pixels show persons and vehicles: a user's own segmenter, shown the whole picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Box, Pixels
from engines.models import weights
from engines.vision.scaling import Size, size_of

SIDE = 768
"""Longer side of what the network is shown, px."""
UNIT = 32
"""The sides of what the network is shown are whole multiples of it, px."""


def segment(image: Pixels) -> NDArray[np.float32]:
    """How likely each part of a picture shows a person, and a vehicle, 0..1: (2, h, w).

    Args:
        image: uint8 (H, W, 3) BGR, of any size.

    Raises:
        ModelUnavailable: no network is given, or it cannot be used.
    """
    scale = SIDE / max(size_of(image))
    sides = [UNIT * max(1, round(side * scale / UNIT)) for side in size_of(image)]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shown = np.asarray(cv2.resize(image, sides, interpolation=method), np.uint8)
    likely: NDArray[np.float32] = weights.model("segmenter").run(shown[None])[0]
    return likely


def enlarged(likely: NDArray[np.float32], box: Box, size: Size) -> NDArray[np.float32]:
    """What is said of each pixel in a box of the picture: (h, w) of the box.

    Args:
        likely: of the whole picture, at any size.
        box: in the picture.
        size: the picture's.
    """
    across, down = likely.shape[1] / size[0], likely.shape[0] / size[1]
    first = (box.left + 0.5) * across - 0.5, (box.top + 0.5) * down - 0.5
    to_likely = np.array([[across, 0, first[0]], [0, down, first[1]]])
    sides = box.right - box.left, box.bottom - box.top
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(likely, to_likely, sides, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.float32)
