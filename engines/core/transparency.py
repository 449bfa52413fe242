"""Transparency: the ground that a picture is laid on before it is looked at."""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

WHITE = 255
BLACK = 0
MIDDLE = 128
RIM_PX = 2
CLEARLY_MORE = 32
"""Grey levels."""


def laid(pixels: Pixels, ground: int | None = None) -> Pixels:
    """A picture without alpha: on a ground of this level, or on the one it stands out from."""
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels
    level = contrasting_ground(pixels) if ground is None else ground
    alpha = pixels[..., 3:].astype(np.uint16)
    blend = pixels[..., :3] * alpha + level * (255 - alpha) + 127
    return (blend // 255).astype(np.uint8)


def visible(pixels: Pixels) -> Pixels:
    """1 where alpha is more than half of its highest value: what is no shadow and no seam."""
    alpha = pixels[..., 3]
    return (alpha > int(alpha.max()) // 2).astype(np.uint8)


def contrasting_ground(pixels: Pixels) -> int:
    """White, or black or the middle level where what is visible stands out clearly more.

    What counts is how far nine tenths of the rim, where the visible meets the transparent, lie
    at least from the ground: writing in black and white needs the middle.

    Args:
        pixels: BGRA.
    """
    is_visible = visible(pixels)
    rim = is_visible - cv2.erode(is_visible, np.ones((2 * RIM_PX + 1,) * 2, np.uint8))
    levels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2GRAY)[rim > 0].astype(int)
    if not levels.size:
        return WHITE
    contrast = {
        ground: float(np.percentile(np.abs(levels - ground), 10))
        for ground in (WHITE, BLACK, MIDDLE)
    }
    best = max(contrast, key=lambda ground: contrast[ground])
    return best if contrast[best] > contrast[WHITE] + CLEARLY_MORE else WHITE
