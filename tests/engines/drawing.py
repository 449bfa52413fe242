"""Pictures with known content, for the tests of engines that read and recognise."""

from pathlib import Path

import cv2
import numpy as np
import skimage.data
import sklearn.datasets
from cv2.typing import MatLike
from PIL import Image, ImageDraw, ImageFont

from engines.core.shapes import Mask, Pixels
from engines.vision.marking import FONT

_SKIMAGE = Path(skimage.data.__file__).parent
_SKLEARN = Path(sklearn.datasets.__file__).parent / "images"


def written(text: str, *, letter_px: int = 26, width: int = 460, height: int = 200) -> Pixels:
    """Black print on white, from (30, 30) on."""
    canvas = Image.new("RGB", (width, height), "white")
    font = ImageFont.truetype(FONT, letter_px)
    ImageDraw.Draw(canvas).multiline_text((30, 30), text, font=font, fill="black", spacing=10)
    return np.array(canvas)


def on_transparent(image: Pixels, colour: int) -> Pixels:
    """Dark print on white as print of one level on a transparent ground, BGRA."""
    ink = 255 - image[..., :1]
    return np.dstack([np.full_like(image, colour), ink])


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
    """One of the packages' pictures as it is stored, BGR."""
    folder = _SKIMAGE if (_SKIMAGE / name).exists() else _SKLEARN
    return np.asarray(cv2.imread(str(folder / name), cv2.IMREAD_COLOR), np.uint8)
