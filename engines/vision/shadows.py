"""Shadows: what a plain ground looks like where an object keeps off some of the light."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.foreground import ground
from engines.vision.morphology import disc
from engines.vision.scaling import shrink, size_of

LONGEST_PX = 400
SMOOTH_PX = 1.5
DARKEST = 0.35
UNTINTED = 0.06
SOFT = 0.045
NARROWEST_PX = 2
LEAST_LEFT = 0.6


def soft_shadows(image: Pixels) -> Pixels:
    """1 where the ground is, however dark by soft steps, and of its own colour.

    What is dark but has an edge all around is no shadow: it is reached from the ground only
    across that edge.

    Args:
        image: uint8 (H, W, 3), BGR.

    Source:
        Own; that shadows keep the ratio of the channels: Horprasert et al., A statistical
        approach for real-time robust background subtraction and shadow detection, ICCV
        FRAME-RATE Workshop, 1999.
    """
    small = cv2.GaussianBlur(shrink(image, LONGEST_PX), (0, 0), SMOOTH_PX)
    lights = [_light(np.asarray(plane, np.uint8)) for plane in cv2.split(small)]
    least, most = np.minimum.reduce(lights), np.maximum.reduce(lights)
    middle = np.maximum(np.minimum(*lights[:2]), np.minimum(np.maximum(*lights[:2]), lights[2]))
    is_untinted = most - least <= UNTINTED
    step = np.hypot(cv2.Sobel(middle, cv2.CV_32F, 1, 0), cv2.Sobel(middle, cv2.CV_32F, 0, 1)) / 8
    is_open = is_untinted & (middle > DARKEST) & (middle < 1.1) & (step < SOFT)
    passable = cv2.morphologyEx(is_open.astype(np.uint8), cv2.MORPH_OPEN, disc(NARROWEST_PX))
    _, labels = cv2.connectedComponents(passable)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    around = np.bincount(rim, minlength=2)
    around[0] = 0
    reached = (labels == around.argmax()) & (passable > 0)
    return np.asarray(
        cv2.resize(reached.astype(np.uint8), size_of(image), interpolation=cv2.INTER_NEAREST)
    )


def _light(plane: Pixels) -> NDArray[np.float32]:
    """By how much each pixel is lit, 1 as the ground around it."""
    return (plane.astype(np.float32) + 1) / (ground(plane).astype(np.float32) + 1)


def without(mask: Pixels, shadows: Pixels) -> Pixels:
    """A mask without shadows, unless they are most of it: a blurred grey object looks like one."""
    left = (mask > shadows).view(np.uint8)
    return left if cv2.countNonZero(left) >= LEAST_LEFT * cv2.countNonZero(mask) else mask
