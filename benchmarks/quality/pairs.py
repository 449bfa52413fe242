"""Pairs of pictures with a known truth, made of the photographs that two packages carry."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import skimage.data
import sklearn.datasets
from numpy.typing import NDArray

from engines.core.shapes import Box, Mask, Pixels
from engines.vision.morphology import square
from engines.vision.scaling import to_longer_side

Matrix: TypeAlias = NDArray[np.float64]
Random: TypeAlias = np.random.Generator

_SKIMAGE = (
    *("astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png"),
    *("coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png"),
    *("motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg"),
)
_SKLEARN = ("china.jpg", "flower.jpg")


def as_pixels(levels: object) -> Pixels:
    """What OpenCV or arithmetic gave, as the uint8 that it is or that it is cut to."""
    return np.asarray(levels).astype(np.uint8)


@cache
def photographs() -> dict[str, Pixels]:
    """Eighteen photographs, uint8 (H, W, 3), BGR; files of the packages, nothing is fetched."""
    skimage_folder = Path(skimage.data.__file__).parent
    sklearn_folder = Path(sklearn.datasets.__file__).parent / "images"
    paths = [skimage_folder / name for name in _SKIMAGE]
    paths += [sklearn_folder / name for name in _SKLEARN]
    return {path.stem: as_pixels(cv2.imread(str(path), cv2.IMREAD_COLOR)) for path in paths}


def photograph(random: Random, *, besides: str = "") -> tuple[str, Pixels]:
    """One of them, by chance, perhaps mirrored; and a crop of it, so that few are alike."""
    names = [name for name in photographs() if name != besides]
    name = names[random.integers(len(names))]
    image = photographs()[name]
    height, width = image.shape[:2]
    share = random.uniform(0.7, 1.0, 2)
    high, wide = max(160, int(height * share[0])), max(160, int(width * share[1]))
    top = random.integers(max(1, height - high + 1))
    left = random.integers(max(1, width - wide + 1))
    crop = image[top : top + high, left : left + wide]
    return name, np.ascontiguousarray(crop[:, ::-1] if random.random() < 0.5 else crop)


def mask_iou(one: Mask, other: Mask) -> float:
    """Intersection over union of two masks' pixels."""
    return float((one & other).sum() / (one | other).sum())


def jpeg(image: Pixels, quality: int) -> Pixels:
    """The picture after it was saved as a JPEG."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return as_pixels(cv2.imdecode(data, cv2.IMREAD_COLOR))


def noisy(image: Pixels, sigma: float, random: Random) -> Pixels:
    """The picture with the noise of a sensor, in grey levels."""
    levels = image + random.normal(0, sigma, image.shape)
    return as_pixels(np.clip(np.rint(levels), 0, 255))


def lit(image: Pixels, gain: float, balance: tuple[float, ...] = (1, 1, 1)) -> Pixels:
    """The picture under another exposure, and with gains of blue, green and red."""
    return as_pixels(np.clip(image * (gain * np.array(balance)), 0, 255))


def unevenly_lit(image: Pixels, strength: float, angle: float) -> Pixels:
    """The picture with light that falls off by a share from one side to the other."""
    height, width = image.shape[:2]
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    light = 1 + strength * (x * np.cos(angle) + y * np.sin(angle))
    return as_pixels(np.clip(image * light[..., None], 0, 255))


def viewpoint(
    size: tuple[int, int],
    canvas: tuple[int, int],
    random: Random,
    *,
    degrees: float,
    scale: tuple[float, float],
    perspective: float,
    shift: float = 0.03,
) -> Matrix:
    """A homography from a picture of (width, height) to a canvas, about their middles.

    It turns by up to so many degrees either way, scales between the two limits, moves the
    corners by up to a share of the longer side and the middle by up to a share of the canvas.
    """
    turn = np.deg2rad(random.uniform(-degrees, degrees))
    factor = np.exp(random.uniform(*np.log(scale)))
    middle, target = np.array(size) / 2, np.array(canvas) / 2
    target = target + random.uniform(-shift, shift, 2) * canvas
    rotation = factor * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    outline = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float64) - 0.5
    moved = (outline - middle) @ rotation.T
    moved += random.uniform(-perspective, perspective, (4, 2)) * max(size) * factor
    ends = (moved + target).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(outline.astype(np.float32), ends), np.float64)


def seen(image: Pixels, matrix: Matrix, canvas: tuple[int, int], backdrop: Pixels) -> Pixels:
    """The picture under a homography on a canvas of (width, height), before a backdrop.

    It is drawn at twice the size and then reduced, so that it is free of stairs.
    """
    twice = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])
    double = (canvas[0] * 2, canvas[1] * 2)
    drawn = cv2.warpPerspective(image, twice @ matrix, double, flags=cv2.INTER_CUBIC)
    whole = np.full(image.shape[:2], 255, np.uint8)
    cover = cv2.warpPerspective(whole, twice @ matrix, double, flags=cv2.INTER_LINEAR)
    behind = cv2.resize(backdrop, double, interpolation=cv2.INTER_LINEAR)
    blended = np.where(cover[..., None] > 127, drawn, behind)
    return as_pixels(cv2.resize(blended, canvas, interpolation=cv2.INTER_AREA))


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two pictures of one thing, and what is true of them.

    Args:
        matrix: from the first to the second, between pixel centres.
        first_boxes: what differs, on the first.
        second_boxes: the same, in the same order, on the second.
    """

    first: Pixels
    second: Pixels
    matrix: Matrix
    first_boxes: tuple[Box, ...] = ()
    second_boxes: tuple[Box, ...] = ()


def warped(random: Random) -> Pair:
    """A photograph seen from elsewhere: turned, nearer or farther, noisy and in other light."""
    _, image = photograph(random)
    first = as_pixels(to_longer_side(image, 512))
    height, width = first.shape[:2]
    matrix = viewpoint(
        (width, height), (width, height), random, degrees=45, scale=(0.5, 2), perspective=0.08
    )
    grey = np.full((height, width, 3), random.integers(40, 215), np.uint8)
    second = seen(first, matrix, (width, height), grey)
    second = lit(second, random.uniform(0.6, 1.4))
    return Pair(first, jpeg(noisy(second, random.uniform(0, 6), random), 50), matrix)


def unrelated(random: Random) -> tuple[Pixels, Pixels]:
    """Two photographs of different things."""
    name, first = photograph(random)
    _, second = photograph(random, besides=name)
    return as_pixels(to_longer_side(first, 512)), as_pixels(to_longer_side(second, 512))


def changed(random: Random, *, share: tuple[float, float], count: int, side: int = 640) -> Pair:
    """A photograph taken twice, from slightly elsewhere and in other light, after some changes.

    Parts are added, removed, moved and recoloured, never nearer to each other than 5 % of the
    side, and all seen whole; every part differs clearly from what it covers.
    """
    _, image = photograph(random)
    scene = as_pixels(to_longer_side(image, side))
    before, after, masks = _change_parts(scene, random, share=share, count=count)
    return _taken_twice(before, after, masks, random)


def unchanged(random: Random, *, side: int = 640) -> Pair:
    """The same, with nothing changed."""
    return changed(random, share=(0.1, 0.1), count=0, side=side)


def _taken_twice(before: Pixels, after: Pixels, masks: list[Pixels], random: Random) -> Pair:
    height, width = before.shape[:2]
    canvas = (round(width * 0.85), round(height * 0.85))
    middle = np.array([[1, 0, canvas[0] / 2 - width / 2], [0, 1, canvas[1] / 2 - height / 2]])
    to_first = np.vstack([middle, [0, 0, 1]])
    to_second = _viewpoint_on_all(masks, (width, height), canvas, random)
    grey = np.full((8, 8, 3), 128, np.uint8)
    first = seen(before, to_first, canvas, grey)
    second = _in_other_light(seen(after, to_second, canvas, grey), random)
    return Pair(
        jpeg(noisy(first, 1, random), 90),
        second,
        to_second @ np.linalg.inv(to_first),
        tuple(_box_of(mask, to_first, canvas) for mask in masks),
        tuple(_box_of(mask, to_second, canvas) for mask in masks),
    )


def _viewpoint_on_all(
    masks: list[Pixels], size: tuple[int, int], canvas: tuple[int, int], random: Random
) -> Matrix:
    """A viewpoint from which every part is seen whole."""
    while True:
        matrix = viewpoint(size, canvas, random, degrees=10, scale=(0.85, 1.15), perspective=0.03)
        boxes = [_box_of(mask, matrix, canvas) for mask in masks]
        if all(_is_whole(box, canvas) for box in boxes):
            return matrix


def _in_other_light(image: Pixels, random: Random) -> Pixels:
    balance = tuple(random.uniform(0.93, 1.07, 3))
    image = lit(image, random.uniform(0.75, 1.25), balance)
    image = unevenly_lit(image, random.uniform(0, 0.2), random.uniform(0, 2 * np.pi))
    return jpeg(noisy(image, random.uniform(0, 4), random), int(random.integers(70, 96)))


def _box_of(mask: Pixels, matrix: Matrix, canvas: tuple[int, int]) -> Box:
    """Where a part lies on a picture."""
    shown = cv2.warpPerspective(mask, matrix, canvas, flags=cv2.INTER_LINEAR)
    x, y, width, height = cv2.boundingRect((np.asarray(shown) > 127).astype(np.uint8))
    return Box(x, y, x + width, y + height)


def _is_whole(box: Box, canvas: tuple[int, int]) -> bool:
    """Whether a part lies wholly on a picture, with two pixels to spare."""
    return min(box.left, box.top, canvas[0] - box.right, canvas[1] - box.bottom) > 2


def _change_parts(
    scene: Pixels, random: Random, *, share: tuple[float, float], count: int
) -> tuple[Pixels, Pixels, list[Pixels]]:
    """The scene before and after, and a mask for each place that differs."""
    before, after = scene.copy(), scene.copy()
    masks: list[Pixels] = []
    while len(masks) < count:
        kind = random.choice(["added", "removed", "moved", "recoloured"])
        if kind == "moved" and len(masks) == count - 1:
            kind = "added"
        places = _free_places(scene, masks, random, share, 2 if kind == "moved" else 1)
        if places is None:
            break
        if kind == "recoloured":
            _recolour(after, places[0], random)
        elif kind == "moved":
            _paste([before, after], places, random)
        else:
            _paste([before if kind == "removed" else after], places, random)
        masks += places
    return before, after, masks


def _free_places(
    scene: Pixels, masks: list[Pixels], random: Random, share: tuple[float, float], count: int
) -> list[Pixels] | None:
    """Masks of parts of one form, apart from all others; None where there is no room."""
    longer = max(scene.shape[:2])
    size = np.maximum(6, random.uniform(*share, 2) * longer).astype(int)
    form = _form((int(size[0]), int(size[1])), random)
    gap = square(round(longer * 0.05))
    taken = np.zeros(scene.shape[:2], np.uint8)
    for mask in masks:
        taken |= mask
    places = []
    for _ in range(60):
        place = np.zeros_like(taken)
        inset = (np.array(taken.shape) * 0.17).astype(int)
        room = np.array(taken.shape) - 2 * inset - form.shape
        if room.min() < 1:
            return None
        top, left = inset + random.integers(0, room)
        place[top : top + form.shape[0], left : left + form.shape[1]] = form
        if not (as_pixels(cv2.dilate(place, gap)) & taken).any():
            taken |= place
            places.append(place)
        if len(places) == count:
            return places
    return None


def _form(size: tuple[int, int], random: Random) -> Pixels:
    """A filled rectangle, ellipse or hexagon of (height, width)."""
    height, width = size
    form = np.zeros(size, np.uint8)
    kind = random.integers(3)
    if kind == 0:
        form[:] = 255
    elif kind == 1:
        middle, axes = (width / 2 - 0.5, height / 2 - 0.5), (float(width), float(height))
        cv2.ellipse(form, (middle, axes, 0.0), 255, -1)
    else:
        x, y = width - 1, height - 1
        points = [[0, y // 2], [x // 3, 0], [x, y // 4], [x, y], [x // 2, y], [x // 6, y]]
        cv2.fillPoly(form, [np.array(points, np.int32)], 255)
    return form


_CLEAR_LEVELS = 35


def _paste(images: list[Pixels], places: list[Pixels], random: Random) -> None:
    """Put a piece of another photograph, or a plain thing, at one place of each picture."""
    x, y, width, height = cv2.boundingRect(places[0])
    form = places[0][y : y + height, x : x + width] > 0
    inside = [place > 0 for place in places]
    for attempt in range(40):
        piece = _piece((height, width), random, is_plain=attempt > 5)[form]
        pairs = zip(images, inside, strict=True)
        if all(_is_clear(image[place], piece) for image, place in pairs):
            break
    for image, place in zip(images, inside, strict=True):
        image[place] = piece


def _piece(size: tuple[int, int], random: Random, *, is_plain: bool) -> Pixels:
    height, width = size
    if is_plain or random.random() < 0.3:
        colour = random.integers(0, 256, 3)
        slope = np.linspace(0.85, 1.15, height)[:, None, None]
        return as_pixels(np.clip(slope * np.broadcast_to(colour, (height, width, 3)), 0, 255))
    _, source = photograph(random)
    wide = to_longer_side(source, max(300, 2 * max(size)))
    top = random.integers(max(1, wide.shape[0] - height))
    left = random.integers(max(1, wide.shape[1] - width))
    piece = wide[top : top + height, left : left + width]
    return as_pixels(cv2.resize(piece, (width, height), interpolation=cv2.INTER_LINEAR))


def _is_clear(old: Pixels, new: Pixels) -> bool:
    """Whether most pixels differ in some channel by more than light and noise do."""
    apart = np.abs(old.astype(int) - new.astype(int)).max(axis=1)
    return bool(np.percentile(apart, 30) > _CLEAR_LEVELS)


def _recolour(image: Pixels, place: Pixels, random: Random) -> None:
    """Give a part another colour; its pattern stays."""
    inside = place > 0
    old = image[inside].astype(float)
    for _ in range(20):
        grey = old.mean(axis=1, keepdims=True)
        new = np.clip(0.4 * old + 0.3 * grey + 0.6 * (random.integers(0, 256, 3) - 64), 0, 255)
        if _is_clear(image[inside], as_pixels(new)):
            break
    image[inside] = as_pixels(new)


_WORDS = [
    "Name",
    "Street",
    "City",
    "Order",
    "Total",
    "Cancel",
    "Save",
    "Search",
    "Menu",
    "Price",
    "Date",
    "Help",
    "Open",
    "Close",
]
_INK = [(30, 30, 30), (120, 60, 20), (20, 20, 140), (60, 110, 20)]


def drawn(random: Random, *, count: int, size: tuple[int, int] = (960, 640)) -> Pair:
    """A drawn page twice, in register and without noise, after some small changes.

    A word is another one, a mark is there or not, a button or a figure has another colour.
    """
    before = _empty_page(size, random)
    spots = _spots(size, random)
    changing = set(random.permutation(len(spots))[:count].tolist())
    after = before.copy()
    boxes = []
    for place, spot in enumerate(spots):
        state = random.bit_generator.state
        _draw_widget(before, spot, random, is_other=False)
        random.bit_generator.state = state
        _draw_widget(after, spot, random, is_other=place in changing)
        window = (slice(spot[1] - 6, spot[1] + 46), slice(spot[0] - 6, spot[0] + 146))
        apart = np.abs(before[window].astype(int) - after[window]).max(axis=2)
        x, y, width, height = cv2.boundingRect((apart > 24).astype(np.uint8))
        if width:
            left, top = spot[0] - 6 + x, spot[1] - 6 + y
            boxes.append(Box(left, top, left + width, top + height))
    return Pair(before, after, np.eye(3), tuple(boxes), tuple(boxes))


def _empty_page(size: tuple[int, int], random: Random) -> Pixels:
    page = np.full((size[1], size[0], 3), random.integers(235, 256), np.uint8)
    bar = tuple(int(level) for level in random.integers(60, 220, 3))
    cv2.rectangle(page, (0, 0), (size[0], 40), bar, -1)
    return page


def _spots(size: tuple[int, int], random: Random) -> list[tuple[int, int]]:
    columns, rows = range(30, size[0] - 160, 185), range(70, size[1] - 60, 70)
    return [
        (x + int(random.integers(0, 12)), y + int(random.integers(0, 12)))
        for x in columns
        for y in rows
    ]


def _draw_widget(page: Pixels, spot: tuple[int, int], random: Random, *, is_other: bool) -> None:
    """A word, a box to tick, a button or a small chart; or another state of the same."""
    x, y = spot
    kind = random.integers(4)
    ink = _INK[random.integers(len(_INK))]
    word, other_word = random.choice(_WORDS, 2, replace=False)
    label = str(other_word if is_other and kind == 0 else word)
    if kind == 2:
        fill = (200, 170, 120) if is_other else (180, 210, 140)
        cv2.rectangle(page, (x, y), (x + 120, y + 34), fill, -1)
    write = (page, label, (x + 26, y + 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, ink, 1, cv2.LINE_AA)
    cv2.putText(*write)
    if kind == 1:
        cv2.rectangle(page, (x, y + 8), (x + 18, y + 26), ink, 1)
        if is_other:
            cv2.line(page, (x + 4, y + 17), (x + 8, y + 22), ink, 2, cv2.LINE_AA)
            cv2.line(page, (x + 8, y + 22), (x + 15, y + 11), ink, 2, cv2.LINE_AA)
    if kind == 3:
        cv2.circle(page, (x + 9, y + 18), 8, (60, 60, 220) if is_other else ink, -1, cv2.LINE_AA)
