"""Pictures with known content, for the tests of engines that read and recognise."""

import cv2
import numpy as np
from cv2.typing import MatLike
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from engines.core.shapes import Mask, Pixels
from engines.vision.marking import FONT


def written(text: str, *, letter_px: int = 26, width: int = 460, height: int = 200) -> Pixels:
    """Black print on white, from (30, 30) on."""
    canvas = Image.new("RGB", (width, height), "white")
    font = ImageFont.truetype(FONT, letter_px)
    ImageDraw.Draw(canvas).multiline_text((30, 30), text, font=font, fill="black", spacing=10)
    return np.array(canvas)


def turned(image: Pixels, quarters: int) -> Pixels:
    """Turned counter-clockwise."""
    return np.ascontiguousarray(np.rot90(image, quarters))


def encoded_again(image: Pixels, *, quality: int) -> MatLike:
    """As it comes back from a JPEG."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def mask_iou(one: Pixels | Mask, other: Mask) -> float:
    """Intersection over union of two masks' pixels."""
    return float(((one > 0) & other).sum() / ((one > 0) | other).sum())


def photograph(name: str) -> Pixels:
    """One of scikit-image's pictures, as colours."""
    pixels = getattr(data, name)()
    way = cv2.COLOR_RGB2BGR if pixels.ndim == 3 else cv2.COLOR_GRAY2BGR
    return np.asarray(cv2.cvtColor(pixels, way), np.uint8)
