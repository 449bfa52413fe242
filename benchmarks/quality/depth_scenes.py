"""Pairs of scenes with depth: photographs one behind the other, and a true stereo pair."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import skimage.data

from benchmarks.quality.pairs import (
    Matrix,
    Pair,
    Random,
    as_pixels,
    jpeg,
    lit,
    noisy,
    photograph,
    viewpoint,
)
from engines.core.shapes import Box, Pixels

CANVAS = (640, 480)
MARGIN = 48
"""What each layer has beyond the canvas, so that no view shows its end."""
LEAST_PX, MOST_PX = 2.0, 30.0
"""How far layers move against the hindmost."""
SLOPE = 0.03
"""Pixels that a layer, which leans, moves further for each pixel along it; at most."""
PART = (0.07, 0.15)
"""Sides of what is pasted, shares of the longer side."""
APART_PX = 30
CLEAR_LEVELS = 40
TRIES = 300
MOTORCYCLE_RIM = 80
"""Both pictures show what is so far from the border of one."""

Window: TypeAlias = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A photograph in one depth.

    Args:
        image: uint8 (H, W, 3), BGR, with a margin round the canvas.
        cover: uint8 (H, W), 255 where it is.
        motion: how it moves from the one view to the other.
        parts: masks of what was pasted on it.
    """

    image: Pixels
    cover: Pixels
    motion: Matrix
    parts: list[Pixels] = field(default_factory=list)


def scene(random: Random, *, layers: int, count: int) -> Pair:
    """So many layers seen from two places, with so many parts pasted on one view's photographs."""
    behind_to_front = _layers(layers, random)
    turn = viewpoint(CANVAS, CANVAS, random, degrees=2, scale=(0.97, 1.03), perspective=0.005)
    inwards = np.array([[1, 0, -MARGIN], [0, 1, -MARGIN], [0, 0, 1]], np.float64)
    places = [[inwards, turn @ inwards @ one.motion] for one in behind_to_front]
    boxes: list[tuple[Box, Box]] = []
    plain = [one.image.copy() for one in behind_to_front]
    for _ in range(TRIES):
        if len(boxes) == count:
            break
        if found := _paste(behind_to_front, places, random):
            boxes.append(found)
    pasted = [one.image for one in behind_to_front]
    sides = [plain, pasted] if random.random() < 0.5 else [pasted, plain]
    first, second = (
        _view(images, behind_to_front, [one[side] for one in places])
        for side, images in enumerate(sides)
    )
    second = lit(second, random.uniform(0.85, 1.15))
    return Pair(
        jpeg(noisy(first, 1, random), 92),
        jpeg(noisy(second, random.uniform(0, 3), random), 88),
        places[0][1] @ np.linalg.inv(places[0][0]),
        tuple(one for one, _ in boxes),
        tuple(other for _, other in boxes),
    )


def motorcycle(random: Random, *, count: int) -> Pair:
    """scikit-image's stereo pair, with so many parts pasted on one of both pictures."""
    folder = Path(skimage.data.__file__).parent
    images = [
        as_pixels(cv2.imread(str(folder / f"motorcycle_{side}.png"))) for side in ("left", "right")
    ]
    side = int(random.integers(2))
    masks = np.zeros(images[side].shape[:2], np.uint8)
    boxes: list[Box] = []
    for _ in range(TRIES):
        inside = _place(masks.shape[::-1], MOTORCYCLE_RIM, random)
        if len(boxes) == count or masks[inside].any():
            continue
        if (piece := _piece(images[side][inside], random)) is not None:
            images[side][inside] = piece
            masks[_grown(inside)] = 255
            boxes.append(_box(inside))
    where = (tuple(boxes), ()) if side == 0 else ((), tuple(boxes))
    return Pair(images[0], images[1], np.eye(3), *where)


def _layers(count: int, random: Random) -> list[Layer]:
    """From behind to the front; nearer ones move further, all in one direction."""
    angle = random.uniform(0, 2 * np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    moves = np.sort(random.uniform(LEAST_PX, MOST_PX, count - 1))
    return [_layer(move, along, random) for move in (0, *moves)]


def _layer(move: float, along: Matrix, random: Random) -> Layer:
    width, height = (side + 2 * MARGIN for side in CANVAS)
    _, image = photograph(random)
    factor = max(width / image.shape[1], height / image.shape[0])
    large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    cover = np.full((height, width), 255, np.uint8)
    motion = np.eye(3)
    if move:
        cover = _form(width, height, random)
        lean = random.uniform(-SLOPE, SLOPE, 2) * min(1, move / 10)
        middle = np.array([width, height]) / 2
        motion[:2] += np.outer(along, [*lean, move - lean @ middle])
    return Layer(as_pixels(large[:height, :width]), cover, motion)


def _form(width: int, height: int, random: Random) -> Pixels:
    """A polygon or an ellipse of a third to two thirds of the canvas's sides."""
    cover = np.zeros((height, width), np.uint8)
    sides = random.uniform(0.35, 0.65, 2) * CANVAS
    middle = np.array([width, height]) / 2 + random.uniform(-0.2, 0.2, 2) * CANVAS
    corners = int(random.choice([4, 5, 7, 40]))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + random.uniform(0, 2 * np.pi)
    reach = random.uniform(0.8, 1.2, corners) if corners < 40 else np.ones(corners)
    around = np.column_stack([np.cos(angles), np.sin(angles)]) * reach[:, np.newaxis] * sides / 2
    cv2.fillPoly(cover, [np.rint(middle + around).astype(np.int32)], 255, cv2.LINE_AA)
    return cover


def _paste(
    layers: list[Layer], places: list[list[Matrix]], random: Random
) -> tuple[Box, Box] | None:
    """Put a piece of another photograph on a layer, if both views show its place whole."""
    number = int(random.integers(len(layers)))
    layer = layers[number]
    inside = _place(layer.cover.shape[::-1], MARGIN + 20, random)
    mask = np.zeros_like(layer.cover)
    mask[inside] = 255
    taken = sum(one[_grown(inside)].any() for one in layer.parts)
    if taken or (layer.cover[inside] < 255).any():
        return None
    piece = _piece(as_pixels(layer.image[inside]), random)
    boxes = [_shown(mask, layers, number, [one[side] for one in places]) for side in (0, 1)]
    if piece is None or boxes[0] is None or boxes[1] is None:
        return None
    layer.image[inside] = piece
    layer.parts.append(mask)
    return boxes[0], boxes[1]


def _place(size: tuple[int, ...], rim: int, random: Random) -> Window:
    """Rows and columns of a part in a picture of (width, height), away from its border."""
    extents = [int(one) for one in random.uniform(*PART, 2) * max(CANVAS)]
    x, y = (
        int(random.integers(rim, side - rim - extent))
        for side, extent in zip(size, extents, strict=True)
    )
    return slice(y, y + extents[1]), slice(x, x + extents[0])


def _grown(inside: Window) -> Window:
    rows, columns = (slice(max(0, one.start - APART_PX), one.stop + APART_PX) for one in inside)
    return rows, columns


def _piece(old: Pixels, random: Random) -> Pixels | None:
    """Of another photograph; nothing if it hardly differs from what it is put on."""
    _, other = photograph(random)
    size = (old.shape[1], old.shape[0])
    piece = as_pixels(cv2.resize(other[:200, :200], size, interpolation=cv2.INTER_AREA))
    apart = cv2.absdiff(piece, old).max(axis=2)
    return piece if np.percentile(apart, 25) >= CLEAR_LEVELS else None


def _box(inside: Window) -> Box:
    rows, columns = inside
    return Box(columns.start, rows.start, columns.stop, rows.stop)


def _shown(mask: Pixels, layers: list[Layer], number: int, places: list[Matrix]) -> Box | None:
    """Where a part of a layer lies on a view; nothing if something nearer hides some of it."""
    shown = _warped(mask, places[number]) > 127
    hidden = np.zeros_like(shown)
    for layer, place in list(zip(layers, places, strict=True))[number + 1 :]:
        hidden |= _warped(layer.cover, place) > 0
    x, y, width, height = cv2.boundingRect(shown.astype(np.uint8))
    box = Box(x, y, x + width, y + height)
    is_inside = min(x, y, CANVAS[0] - box.right, CANVAS[1] - box.bottom) > 16
    return box if is_inside and not (shown & hidden).any() else None


def _view(images: list[Pixels], layers: list[Layer], places: list[Matrix]) -> Pixels:
    canvas = np.zeros((CANVAS[1], CANVAS[0], 3))
    for image, layer, place in zip(images, layers, places, strict=True):
        share = _warped(layer.cover, place)[..., np.newaxis] / 255
        canvas = share * _warped(image, place) + (1 - share) * canvas
    return as_pixels(np.rint(canvas))


def _warped(image: Pixels, matrix: Matrix) -> Pixels:
    return as_pixels(
        cv2.warpPerspective(
            image, matrix, CANVAS, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    )
