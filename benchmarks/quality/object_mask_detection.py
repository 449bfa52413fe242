"""Object masks: objects cut out of photographs, laid on grounds, and looked for.

`outlines.json` holds the objects: a photograph's name and the outline's vertices, traced by
hand and by GrabCut. The true mask is the outline itself, wherever it runs.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import disturbed, photographed
from benchmarks.quality.pairs import Random, as_pixels, jpeg, mask_iou, noisy, photographs
from benchmarks.quality.photographed import Photograph
from benchmarks.quality.rivals import masks
from benchmarks.quality.row import Row
from benchmarks.quality.things import NO_STAMPS, STAMPS
from engines.core.shapes import Mask, Pixels
from engines.object_mask_detection import Algorithm, Params, object_mask_detection

SEED = 2026
EACH_ON_EACH = 6
DRAWINGS = 200
SEEN_BY_OTHERS = 50
PASTED = 60
WIDTH, HEIGHT = 640, 480
NEUTRALS = (20, 60, 128, 190, 235, 255)
TEXTURES = ("brick", "grass", "gravel")

Levels = NDArray[np.float64]


class Composite(NamedTuple):
    """A picture, and where its object is."""

    image: Pixels
    mask: Mask


def rows() -> list[Row]:
    """Overlap of the mask found with the true one; 13 objects, 6 times on each kind of ground."""
    grounds = {"plain": _plain, "gradient": _gradient, "lightly textured": _textured}
    random = np.random.default_rng(SEED)
    made = {name: _composites(ground, random) for name, ground in grounds.items()}
    everything = [one for some in made.values() for one in some]
    default = Params()
    found = [_row(f"{name} grounds", some, default) for name, some in made.items()]
    others = (Algorithm.SOBEL, Algorithm.HISTOGRAM)
    return [
        _row("all grounds, channel chosen automatically", everything, default),
        *found,
        *(_row(f"all grounds, {one}", everything, Params(algorithm=one)) for one in others),
        *_photographed_rows("outlined by hand", photographed.outlined()),
        *_photographed_rows("cut out and pasted", _pasted(photographed.cut_out)),
        *_stamped_rows(),
        *(row for kind in disturbed.KINDS for row in _disturbed_rows(kind)),
    ]


def _pasted(make: Callable[[Random], Photograph]) -> list[Photograph]:
    random = np.random.default_rng(SEED)
    return [make(random) for _ in range(PASTED)]


def _stamped_rows() -> list[Row]:
    kind = "other things pasted"
    if not STAMPS.is_dir():
        return [Row(f"photographs, {kind}", NO_STAMPS, "IoU >= 0.8", False, 0, SEED)]
    return _photographed_rows(kind, _pasted(photographed.stamped))


def _photographed_rows(kind: str, pictures: list[Photograph]) -> list[Row]:
    """The automatic choice, beside one channel's distance from the ground, GrabCut and Otsu."""
    ways: dict[str, Callable[[Photograph], Mask]] = {
        "": lambda one: _found(one.image, only_biggest=one.objects == 1),
        ": channel V": lambda one: _found(one.image, only_biggest=one.objects == 1, channel="V"),
        ": Otsu": lambda one: masks.otsu(one.image),
        ": GrabCut from the centre": lambda one: masks.grab_cut(one.image),
    }
    return [_photographed_row(kind, name, find, pictures) for name, find in ways.items()]


def _photographed_row(
    kind: str, name: str, find: Callable[[Photograph], Mask], pictures: list[Photograph]
) -> Row:
    overlaps = np.array([mask_iou(find(one), one.mask) for one in pictures])
    median = float(np.median(overlaps))
    return Row(
        f"photographs, {kind}{name}",
        f"median {median:.3f}, mean {overlaps.mean():.3f}",
        "to compare" if name else "IoU >= 0.8",
        bool(name) or median >= 0.8,
        len(overlaps),
        SEED,
    )


def _disturbed_rows(kind: str) -> list[Row]:
    """Drawn objects with a shadow, frame, scan edge or bars; Otsu and GrabCut see some of them."""
    random = np.random.default_rng(SEED)
    pictures = [disturbed.disturbed(kind, random) for _ in range(DRAWINGS)]
    return [
        _disturbed_row(kind, "", _found, pictures),
        _disturbed_row(kind, ": Otsu", masks.otsu, pictures[:SEEN_BY_OTHERS]),
        _disturbed_row(
            kind, ": GrabCut from the centre", masks.grab_cut, pictures[:SEEN_BY_OTHERS]
        ),
    ]


def _disturbed_row(
    kind: str, name: str, find: Callable[[Pixels], Mask], pictures: list[disturbed.Disturbed]
) -> Row:
    overlaps = np.array([mask_iou(find(one.image), one.mask) for one in pictures])
    good = float(np.mean(overlaps >= 0.9))
    return Row(
        f"drawn, with {kind}{name}",
        f"median {np.median(overlaps):.3f}, >= 0.9 in {good:.1%}",
        "to compare" if name else "IoU >= 0.9 in 95 %",
        bool(name) or good >= 0.95,
        len(overlaps),
        SEED,
    )


def _found(image: Pixels, **params: Any) -> Mask:
    return object_mask_detection(image, params=Params.model_validate(params)).mask.pixels


def _row(case: str, composites: list[Composite], params: Params) -> Row:
    found = (object_mask_detection(one.image, params=params).mask for one in composites)
    both = zip(found, composites, strict=True)
    overlaps = np.array([mask_iou(mask.pixels, one.mask) for mask, one in both])
    median, good = float(np.median(overlaps)), float(np.mean(overlaps >= 0.75))
    figure = f"median {median:.3f}, >= 0.75 in {good:.1%}"
    is_reached = median >= 0.9 and good >= 0.9
    return Row(case, figure, "IoU >= 0.9, >= 0.75 in 90 %", is_reached, len(overlaps), SEED)


def _composites(ground: Callable[[Random], Levels], random: Random) -> list[Composite]:
    outlines = json.loads((Path(__file__).parent / "outlines.json").read_text())
    return [
        _composite(photographs()[name], np.array(outline, np.float64), ground(random), random)
        for name, outline in outlines.values()
        for _ in range(EACH_ON_EACH)
    ]


def _composite(image: Pixels, outline: Levels, ground: Levels, random: Random) -> Composite:
    """The object turned and scaled by chance on its ground, then noisy and saved as JPEG."""
    matrix = _placing(outline, random)
    size = (WIDTH, HEIGHT)
    placed = cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    cover = _cover(cv2.transform(outline[np.newaxis], matrix)[0])
    blended = ground * (1 - cover) + placed * cover
    picture = noisy(as_pixels(np.clip(blended, 0, 255)), 2, random)
    return Composite(jpeg(picture, 92), cover[..., 0] >= 0.5)


def _placing(outline: Levels, random: Random) -> Levels:
    left, top, width, height = cv2.boundingRect(outline.astype(np.int32))
    scale = random.uniform(0.45, 0.8) * HEIGHT / max(width, height)
    middle = (left + width / 2, top + height / 2)
    matrix = cv2.getRotationMatrix2D(middle, random.uniform(-25, 25), scale)
    turned = cv2.transform(outline[np.newaxis], matrix)[0]
    room = (WIDTH, HEIGHT) - np.ptp(turned, axis=0) - 20
    matrix[:, 2] += 10 + random.uniform(0, np.maximum(room, 1)) - turned.min(axis=0)
    return np.asarray(matrix, np.float64)


def _cover(outline: Levels) -> Levels:
    """The share of each pixel that the object has, with the softness of a lens; (H, W, 1)."""
    large = np.zeros((4 * HEIGHT, 4 * WIDTH), np.uint8)
    cv2.fillPoly(large, [np.rint(outline * 4).astype(np.int32)], 255)
    small = cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small.astype(np.float64) / 255, (0, 0), 0.7)
    return np.asarray(soft[..., np.newaxis], np.float64)


def _colour(random: Random) -> NDArray[Any]:
    if random.random() < 0.5:
        return np.full(3, random.choice(NEUTRALS))
    return np.asarray(random.uniform(0, 255, 3))


def _plain(random: Random) -> Levels:
    return np.asarray(np.ones((HEIGHT, WIDTH, 1)) * _colour(random), np.float64)


def _gradient(random: Random) -> Levels:
    """From one colour to another, each channel by up to 70 levels."""
    first = _colour(random)
    last = np.clip(first + random.uniform(-70, 70, 3), 0, 255)
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    share = (x * np.cos(angle) + y * np.sin(angle)) / 2**1.5 + 0.5
    return np.asarray(first + (last - first) * share[..., np.newaxis], np.float64)


def _textured(random: Random) -> Levels:
    """A photograph of a surface, its standard deviation 4 to 10 levels, on one colour."""
    surface = cv2.cvtColor(photographs()[str(random.choice(TEXTURES))], cv2.COLOR_BGR2GRAY)
    side = int(random.integers(300, 512))
    texture = cv2.resize(surface[:side, :side], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    levels = random.uniform(4, 10) * (texture - texture.mean()) / texture.std()
    return np.asarray(_plain(random) + levels[..., np.newaxis], np.float64)
