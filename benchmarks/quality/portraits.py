"""Pictures with faces at known places, and photographs without a face."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from benchmarks.quality.pairs import (
    Random,
    as_pixels,
    jpeg,
    lit,
    noisy,
    photographs,
    unevenly_lit,
)
from engines.core.shapes import Box, Pixels

ASTRONAUT = Box(175, 62, 275, 188)
"""Of her face, from the chin to the hair, as seen by eye."""
HEAD = Box(145, 15, 308, 212)
CROP = Box(2, 1, 23, 25)
"""Of the face in each 25 x 25 px of Labeled Faces in the Wild."""
MOST_ENLARGED = 2
"""Of these: they are photographs no more when they are larger."""
PHOTOGRAPHS = {"astronaut": (ASTRONAUT,), "camera": (Box(190, 112, 256, 200),)}
"""Photographs with faces, the second of which is a profile."""
SIZE = (640, 480)
CELLS = (2, 2)
"""Of a picture, a face in each."""
SKIN = ((0.55, 0.7, 0.95), (0.7, 0.83, 1.0), (0.4, 0.52, 0.75))
"""Shares of blue, green and red, by which grey faces are coloured."""


class Shot(NamedTuple):
    """How faces are shown.

    Args:
        height: of the upright face, px, least and most.
        turned: degrees, least and most, either way.
        smear_px: how far the camera moved, in any direction.
        is_covered: a plain bar hides a quarter to two fifths of the face.
        is_lit: it is darker or brighter, and unevenly so.
    """

    height: tuple[float, float]
    turned: tuple[float, float] = (0, 10)
    smear_px: int = 0
    is_covered: bool = False
    is_lit: bool = False
    jpeg_quality: int = 90
    size: tuple[int, int] = SIZE
    cells: tuple[int, int] = CELLS


class Scene(NamedTuple):
    """A picture, and the boxes around its faces."""

    image: Pixels
    faces: tuple[Box, ...]


class _Head(NamedTuple):
    """A cut-out BGR, and the box of the face in it."""

    pixels: Pixels
    face: Box


def without_faces() -> dict[str, Pixels]:
    """Photographs that show none, one of them a cat's."""
    return {name: image for name, image in photographs().items() if name not in PHOTOGRAPHS}


def scene(shot: Shot, random: Random) -> Scene:
    """Faces of 100 people and, half of them, of one, on a photograph without any."""
    names = [name for name in without_faces() if name != "chelsea"]
    ground = photographs()[names[random.integers(len(names))]]
    picture = as_pixels(cv2.resize(ground, shot.size, interpolation=cv2.INTER_CUBIC))
    across, down = shot.cells
    wide, high = shot.size[0] // across, shot.size[1] // down
    faces = []
    for place in range(across * down):
        left, top = place % across * wide, place // across * high
        cell = picture[top : top + high, left : left + wide]
        height = random.uniform(*shot.height)
        box = _paste(cell, _head(height, random), height, shot, random)
        faces.append(Box(box.left + left, box.top + top, box.right + left, box.bottom + top))
    if shot.is_lit:
        lighter = lit(picture, float(random.choice((0.3, 0.5, 1.6))))
        picture = unevenly_lit(lighter, random.uniform(0.3, 0.8), random.uniform(0, 2 * np.pi))
    if shot.smear_px:
        picture = _smeared(picture, shot.smear_px, random)
    return Scene(jpeg(noisy(picture, 2, random), shot.jpeg_quality), tuple(faces))


def _head(height: float, random: Random) -> _Head:
    if random.random() < 0.5 or height > MOST_ENLARGED * (CROP.bottom - CROP.top):
        left, top, right, bottom = HEAD
        pixels = photographs()["astronaut"][top:bottom, left:right]
        face = Box(*(np.array(ASTRONAUT) - (left, top, left, top)).tolist())
    else:
        grey = crops()[random.integers(100)]
        pixels = as_pixels(grey[..., None] * np.array(SKIN[random.integers(len(SKIN))]))
        face = CROP
    if random.random() < 0.5:
        pixels = np.ascontiguousarray(pixels[:, ::-1])
        width = pixels.shape[1]
        face = face._replace(left=width - face.right, right=width - face.left)
    return _Head(pixels, face)


@cache
def crops() -> Pixels:
    """(200, 25, 25), grey, of Labeled Faces in the Wild: 100 that are a face, 100 without one."""
    unit = np.load(Path(skimage.data.__file__).parent / "lfw_subset.npy")
    return as_pixels(np.rint(unit * 255))


def _paste(cell: Pixels, head: _Head, high: float, shot: Shot, random: Random) -> Box:
    """Into a part of a picture; the box around the ellipse that the face is."""
    face = head.face
    scale = high / (face.bottom - face.top)
    angle = random.uniform(*shot.turned) * random.choice((-1, 1))
    pixels = _covered(head, random) if shot.is_covered else head.pixels
    if scale < 1:
        # Affine warping alone would alias what it makes smaller.
        pixels = as_pixels(
            cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        )
    height, width = pixels.shape[:2]
    to_cell = scale * head.pixels.shape[0] / height
    reach = to_cell * np.hypot(width, height) / 2
    x, y = (_within(side, reach, random) for side in cell.shape[1::-1])
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), angle, to_cell)
    matrix[:, 2] += x - width / 2, y - height / 2
    size = cell.shape[1], cell.shape[0]
    alpha = cv2.warpAffine(_oval(width, height), matrix, size)[..., None]
    over = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC)
    cell[:] = np.rint(cell * (1 - alpha) + over * alpha)
    return _box(face, head.pixels, scale, np.radians(angle), (x, y))


def _covered(head: _Head, random: Random) -> Pixels:
    pixels, (left, top, right, bottom) = head.pixels.copy(), head.face
    share = random.uniform(0.25, 0.4)
    wide, high = round((right - left) * share), round((bottom - top) * share)
    bars = (
        Box(left, top + (bottom - top) // 4, right, top + (bottom - top) // 4 + high),
        Box(left, bottom - high, right, bottom),
        Box(left, top, left + wide, bottom),
        Box(right - wide, top, right, bottom),
    )
    bar = bars[random.integers(len(bars))]
    pixels[bar.top : bar.bottom, bar.left : bar.right] = random.integers(20, 236, 3)
    return pixels


def _within(length: int, reach: float, random: Random) -> float:
    """A place from which nothing reaches beyond, or the middle."""
    return random.uniform(reach, length - reach) if 2 * reach < length else length / 2


def _oval(width: int, height: int) -> NDArray[np.float32]:
    """What of a cut-out is pasted, with a soft edge of a tenth."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.asarray(np.clip((1 - np.hypot(x, y)) / 0.1, 0, 1), np.float32)


def _box(face: Box, pixels: Pixels, scale: float, angle: float, middle: tuple[float, float]) -> Box:
    half_wide, half_high = (face.right - face.left) / 2, (face.bottom - face.top) / 2
    dx = face.left + half_wide - pixels.shape[1] / 2
    dy = face.top + half_high - pixels.shape[0] / 2
    # The picture's y axis points down, the angle is counter-clockwise.
    x = middle[0] + scale * (dx * np.cos(angle) + dy * np.sin(angle))
    y = middle[1] + scale * (dy * np.cos(angle) - dx * np.sin(angle))
    wide = scale * np.hypot(half_wide * np.cos(angle), half_high * np.sin(angle))
    high = scale * np.hypot(half_wide * np.sin(angle), half_high * np.cos(angle))
    return Box(*np.rint([x - wide, y - high, x + wide, y + high]).astype(int).tolist())


def _smeared(picture: Pixels, length: int, random: Random) -> Pixels:
    kernel = np.zeros((length, length), np.float32)
    angle, middle = random.uniform(0, np.pi), (length - 1) / 2
    for step in np.linspace(-middle, middle, 4 * length):
        kernel[round(middle + step * np.sin(angle)), round(middle + step * np.cos(angle))] = 1
    return as_pixels(cv2.filter2D(picture, -1, kernel / kernel.sum()))
