"""A plate with printed marks, good and scratched, for inspections that compare with a good one."""

import cv2
import numpy as np

from engines.core.shapes import Box, Pixels
from tests.pictures import encoded

SCRATCH = Box(300, 200, 382, 223)
CONDITION = '[[good_if]]\nlabel = "difference"\nat_most = 0\n'
PROJECT = f'[[module]]\nuse = "differences"\nreference = "good.png"\n\n{CONDITION}'


def plate() -> Pixels:
    """BGR, 480 x 320 px."""
    pixels = np.full((320, 480, 3), (196, 190, 184), np.uint8)
    cv2.rectangle(pixels, (30, 30), (450, 290), (150, 140, 130), 3)
    for x, y in ((60, 60), (420, 60), (60, 260), (420, 260)):
        cv2.circle(pixels, (x, y), 16, (70, 64, 60), cv2.FILLED, cv2.LINE_AA)
    cv2.putText(pixels, "PUMP 72", (110, 150), cv2.FONT_HERSHEY_SIMPLEX, 2, (60, 40, 30), 5)
    cv2.rectangle(pixels, (110, 190), (230, 240), (120, 60, 30), cv2.FILLED)
    return pixels


def scratched() -> Pixels:
    """The same with a bright scratch in `SCRATCH`."""
    pixels = plate()
    cv2.line(pixels, (302, 202), (378, 219), (40, 40, 210), 4, cv2.LINE_AA)
    return pixels


def png(bgr: Pixels) -> bytes:
    """As a file."""
    return encoded("PNG", np.ascontiguousarray(bgr[..., ::-1]))
