"""Pictures with known content, for the tests of engines that read and recognise."""

from pathlib import Path

import cv2
import numpy as np
import skimage.data
import sklearn.datasets
from cv2.typing import MatLike
from numpy.typing import NDArray
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


def _plate() -> Pixels:
    plate = np.full((110, 520, 3), 245, np.uint8)
    cv2.rectangle(plate, (0, 0), (519, 109), (20, 20, 20), 4)
    cv2.rectangle(plate, (4, 4), (48, 105), (160, 60, 0), -1)
    cv2.putText(plate, "AB 123 CD", (60, 85), 0, 2.6, (15, 15, 15), 7, cv2.LINE_AA)
    return plate


def on_a_car(corners: NDArray[np.float32]) -> Pixels:
    """A plate seen askew on a drawn car, in a street that is a photograph."""
    street = np.asarray(cv2.resize(photograph("rocket.jpg"), (960, 640)), np.uint8)
    cv2.rectangle(street, (200, 250), (760, 560), (60, 40, 120), -1)
    cv2.rectangle(street, (280, 170), (680, 260), (90, 80, 80), -1)
    plate = _plate()
    flat = np.array([[0, 0], [520, 0], [520, 110], [0, 110]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, corners)
    seen = cv2.warpPerspective(plate, matrix, (960, 640), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((110, 520), 255, np.uint8), matrix, (960, 640))
    street[mask > 127] = seen[mask > 127]
    return street
