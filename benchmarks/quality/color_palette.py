"""Colour palette: drawings of known inks, and photographs against k-means of many starts."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import color
from sklearn.cluster import KMeans

from benchmarks.quality.inks import KINDS, apart, drawn
from benchmarks.quality.pairs import Random, as_pixels, jpeg, photographs
from benchmarks.quality.rivals import palettes
from benchmarks.quality.row import Row
from engines.color_palette import Params, color_palette
from engines.core.shapes import Pixels

SEED = 2026
POSTERS = 60
HEIGHT, WIDTH = 480, 640
APART = 12  # ΔE2000 between any two inks.
LEAST_SHARE = 3
STARTS = 12
DRAWINGS = 200
SAME = 5
"""ΔE2000 up to which a colour is an ink."""
SAME_IN_JPEG = 20
"""JPEG stores colour at half the size, which leaves thin coloured strokes paler."""

Numbers = NDArray[np.float64]
Palette: TypeAlias = Callable[[Pixels], Numbers]


class Poster(NamedTuple):
    """A picture, its inks in RGB, and their shares in percent."""

    image: Pixels
    inks: Numbers
    shares: Numbers


def rows() -> list[Row]:
    """How often posters come out right, and how far photographs are from the best."""
    random = np.random.default_rng(SEED)
    posters = [_poster(random, 2 + number % 7) for number in range(POSTERS)]
    saved = [poster._replace(image=jpeg(poster.image, 75)) for poster in posters]
    return [
        *_poster_rows("posters, anti-aliased, with text", posters, 1.0),
        *_poster_rows("the same as JPEG of quality 75", saved, 0.9),
        *(row for kind in KINDS for row in _drawing_rows(kind)),
        _photograph_row(),
    ]


def _drawing_rows(kind: str) -> list[Row]:
    """How often each ink of a drawing has a colour of its own, and nothing else has one."""
    random = np.random.default_rng(SEED)
    sheets = [drawn(kind, random) for _ in range(DRAWINGS)]
    qualities = random.integers(75, 96, DRAWINGS).tolist()
    inks = [np.array(sheet.inks) for sheet in sheets]
    whole = [sheet.image for sheet in sheets]
    saved = [jpeg(image, quality) for image, quality in zip(whole, qualities, strict=True)]
    palettes_of: dict[str, Palette] = {"": _found, **palettes.known()}
    return [
        _drawing_row(f"{kind} {way}", name, palette, images, inks, same)
        for way, images, same in (("", whole, SAME), ("as JPEG of 75 to 95", saved, SAME_IN_JPEG))
        for name, palette in palettes_of.items()
    ]


def _drawing_row(
    case: str, name: str, palette: Palette, images: list[Pixels], inks: list[Numbers], same: float
) -> Row:
    claims = np.array(
        [_is_named(palette(image), truth, same) for image, truth in zip(images, inks, strict=True)]
    )
    named, nothing_else = claims.mean(axis=0)
    return Row(
        f"{case.strip()}{': ' if name else ''}{name}",
        f"all inks {named:.3f}, nothing else {nothing_else:.3f}",
        "to compare" if name else ">= 0.970 each",
        bool(name) or min(named, nothing_else) >= 0.97,
        len(images),
        SEED,
    )


def _is_named(found: Numbers, inks: Numbers, same: float) -> tuple[bool, bool]:
    """Whether each ink has a colour nearest to it, and each colour an ink of its own."""
    distances = apart(found[:, np.newaxis], inks[np.newaxis])
    nearest = distances.argmin(axis=1)
    own = set(nearest[distances.min(axis=1) <= same].tolist())
    return len(own) == len(inks), len(own) == len(found)


def _found(image: Pixels) -> Numbers:
    return np.array(color_palette(image, params=Params()).colors)[:, :3].astype(np.float64)


def _poster_rows(case: str, posters: list[Poster], target: float) -> list[Row]:
    errors = np.array([_errors(poster) for poster in posters])
    aims = (("every ink within ΔE2000 2", 2), ("every share within 1 point", 1))
    return [
        Row(
            f"{case}: {aim}",
            f"{np.mean(error <= limit):.1%}",
            f">= {target:.0%}",
            bool(np.mean(error <= limit) >= target),
            len(posters),
            SEED,
        )
        for (aim, limit), error in zip(aims, errors.T, strict=True)
    ]


def _errors(poster: Poster) -> tuple[float, float]:
    """The worst distance of an ink from the palette, and the worst error of its share."""
    found = np.array(color_palette(poster.image, params=Params()).colors)
    distances = apart(poster.inks[:, np.newaxis], found[np.newaxis, :, :3])
    shares = found[distances.argmin(axis=1), 3]
    return distances.min(axis=1).max(), np.abs(shares - poster.shares).max()


def _poster(random: Random, count: int) -> Poster:
    """Shapes and text of `count` inks, drawn four times as large and reduced."""
    while True:
        drawing = np.zeros((HEIGHT * 4, WIDTH * 4), np.uint8)
        for ink in np.tile(np.arange(count), 3):
            _draw_shape(drawing, int(ink), random)
        for _ in range(4):
            _write(drawing, int(random.integers(count)), random)
        shares = np.bincount(drawing.ravel(), minlength=count) / drawing.size * 100
        if shares.min() >= LEAST_SHARE:
            inks = _inks(random, count)
            large = inks[:, ::-1].astype(np.uint8)[drawing]
            small = cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
            return Poster(as_pixels(small), inks, shares)


def _draw_shape(drawing: Pixels, ink: int, random: Random) -> None:
    height, width = drawing.shape
    corners = random.integers((width, height), size=(int(random.integers(3, 6)), 2))
    outline = cv2.convexHull(corners.astype(np.int32))
    cv2.fillConvexPoly(drawing, outline, ink)


def _write(drawing: Pixels, ink: int, random: Random) -> None:
    height, width = drawing.shape
    place = (int(random.integers(width // 3)), int(random.integers(height // 8, height)))
    scale = float(random.uniform(2.5, 8))
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, round(2 * scale)
    cv2.putText(drawing, "Sample text 0123", place, font, scale, ink, thickness)


def _inks(random: Random, count: int) -> Numbers:
    chosen: list[Numbers] = []
    while len(chosen) < count:
        ink = random.integers(256, size=3).astype(np.float64)
        if all(apart(ink, other) >= APART for other in chosen):
            chosen.append(ink)
    return np.array(chosen)


def _photograph_row() -> Row:
    ratios = [_ratio(image) for image in photographs().values()]
    return Row(
        f"photographs: mean ΔE76 against k-means of {STARTS} starts",
        f"worst {max(ratios):.3f}, mean {np.mean(ratios):.3f}",
        "<= 1.100",
        max(ratios) <= 1.1,
        len(ratios),
        0,
    )


def _ratio(image: Pixels) -> float:
    """Our loss over that of as many colours by k-means."""
    found = np.array(color_palette(image, params=Params()).colors)[:, :3]
    lab = color.rgb2lab(image.reshape(-1, 3)[:: max(1, image.size // 90_000), ::-1] / 255)
    best = KMeans(len(found), n_init=STARTS, random_state=0).fit(lab).cluster_centers_
    return _loss(lab, color.rgb2lab(found / 255)) / _loss(lab, best)


def _loss(lab: Numbers, palette: Numbers) -> float:
    distances = np.linalg.norm(lab[:, np.newaxis] - palette, axis=2)
    return float(distances.min(axis=1).mean())
