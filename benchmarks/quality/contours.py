"""Contours: drawn shapes of one colour each, apart from each other, on a plain ground."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pairs import Random, as_pixels, jpeg, mask_iou, noisy
from benchmarks.quality.row import Row
from engines.contours import Channel, Contour, Params, contours
from engines.core.shapes import Mask, Pixels
from engines.vision.morphology import square

SEED = 2026
PICTURES = 100
WIDTH, HEIGHT = 640, 480
APART_PX = 6
LEAST_CONTRAST = 30

Points = NDArray[np.float64]


class Drawing(NamedTuple):
    """A picture, and the pixels of each of its shapes."""

    image: Pixels
    shapes: list[Mask]


def rows() -> list[Row]:
    """How well each shape is covered, and how often their number is right."""
    return [*_rows(is_photographed=False), *_rows(is_photographed=True)]


def _rows(*, is_photographed: bool) -> list[Row]:
    kind = ", blurred, noisy, saved as JPEG" if is_photographed else ""
    found = []
    for channel in Channel:
        random = np.random.default_rng(SEED)
        drawings = [_drawing(channel, random) for _ in range(PICTURES)]
        if is_photographed:
            drawings = [Drawing(_photographed(one.image, random), one.shapes) for one in drawings]
        found += _measure(f"channel {channel}{kind}", channel, drawings)
    return found


def _measure(case: str, channel: Channel, drawings: list[Drawing]) -> list[Row]:
    overlaps: list[float] = []
    right = 0
    for image, shapes in drawings:
        found = contours(image, params=Params(channel=channel)).contours
        masks = [_filled(one) for one in found]
        right += len(masks) == len(shapes)
        overlaps += [max((mask_iou(shape, one) for one in masks), default=0) for shape in shapes]
    share, low = right / len(drawings), min(overlaps)
    figure = f"lowest {low:.3f}, median {np.median(overlaps):.3f}"
    return [
        Row(f"overlap, {case}", figure, "IoU >= 0.98", low >= 0.98, len(overlaps), SEED),
        Row(f"number, {case}", f"{share:.0%} right", "100 %", share == 1, len(drawings), SEED),
    ]


def _filled(contour: Contour) -> Mask:
    return _polygon(np.array(contour.outline))


def _drawing(channel: Channel, random: Random) -> Drawing:
    """One to eight shapes that differ from the ground in the channel by 30 levels and more."""
    ground = _colour(channel, random)
    plane = "HSV".index(channel)
    image = as_pixels(np.ones((HEIGHT, WIDTH, 1)) * ground)
    shapes = _shapes(int(random.integers(1, 9)), random)
    for shape in shapes:
        colour = _colour(channel, random)
        while abs(colour[plane] - ground[plane]) < LEAST_CONTRAST:
            colour = _colour(channel, random)
        image[shape] = colour
    return Drawing(as_pixels(cv2.cvtColor(image, cv2.COLOR_HSV2BGR)), shapes)


def _colour(channel: Channel, random: Random) -> NDArray[np.integer]:
    """Hue, saturation, value; saturation means little in the dark."""
    darkest = 120 if channel is Channel.S else 0
    return random.integers((0, 0, darkest), (180, 256, 256))


def _shapes(count: int, random: Random) -> list[Mask]:
    shapes: list[Mask] = []
    taken = np.zeros((HEIGHT, WIDTH), np.bool_)
    for _ in range(50 * count):
        shape = _shape(random)
        around = cv2.dilate(shape.astype(np.uint8), square(APART_PX))
        if len(shapes) < count and not around[taken].any():
            shapes.append(shape)
            taken |= shape
    return shapes


def _shape(random: Random) -> Mask:
    radius, angle = random.uniform(20, 70), random.uniform(0, np.pi)
    drawn = (_ellipse, _rectangle, _triangle, _star)[random.integers(4)](random)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = random.uniform(radius + 3, np.array([WIDTH, HEIGHT]) - radius - 3)
    return _polygon(radius * drawn @ turn + middle)


def _polygon(points: Points | NDArray[np.integer]) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    return mask.astype(np.bool_)


def _ellipse(random: Random) -> Points:
    return _ring(np.linspace(0, 2 * np.pi, 72, endpoint=False)) * (1, random.uniform(0.4, 1))


def _rectangle(random: Random) -> Points:
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    return 0.7 * corners * (1, random.uniform(0.4, 1))


def _triangle(random: Random) -> Points:
    return _ring(np.array([0, 2.1, 4.2]) + random.uniform(-0.4, 0.4, 3))


def _star(random: Random) -> Points:
    points = _ring(np.linspace(0, 2 * np.pi, 10, endpoint=False))
    points[1::2] *= random.uniform(0.45, 0.7)
    return points


def _ring(angles: Points) -> Points:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _photographed(image: Pixels, random: Random) -> Pixels:
    return jpeg(noisy(as_pixels(cv2.GaussianBlur(image, (0, 0), 0.7)), 2, random), 92)
