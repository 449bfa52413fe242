"""Heat map: does the heat turn with the picture, and is texture hot."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pairs import Random, as_pixels, noisy, photographs
from benchmarks.quality.row import Row
from engines.core.shapes import Pixels
from engines.heat_map import _unit_heat

SEED = 2026
LEAST_CORRELATION = 0.95
TURNED_ANYHOW = 108
COMPOSITES = 200
TEXTURES = ("brick", "grass", "gravel", "china", "ihc", "motorcycle_left", "chelsea", "coffee")

Heat = NDArray[np.float32]
Turn = Callable[[NDArray[Any]], NDArray[Any]]


def rows() -> list[Row]:
    """Lowest correlations, and how often texture is hotter."""
    random = np.random.default_rng(SEED)
    return [_quarter_turns(), _free_turns(random), _halves(random)]


def _quarter_turns() -> Row:
    found = [
        _correlation(turn(_unit_heat(image)), _unit_heat(np.ascontiguousarray(turn(image))))
        for image in photographs().values()
        for turn in _turns()
    ]
    return _correlation_row("quarter turns and flips", found)


def _turns() -> list[Turn]:
    """The seven ways to lay a picture anew on its grid."""
    return [
        *(lambda picture, quarters=quarters: np.rot90(picture, quarters) for quarters in (1, 2, 3)),
        *(
            lambda picture, quarters=quarters: np.fliplr(np.rot90(picture, quarters))
            for quarters in range(4)
        ),
    ]


def _free_turns(random: Random) -> Row:
    images = list(photographs().values())
    found = [
        _turned_correlation(images[number % len(images)], random.uniform(0, 360))
        for number in range(TURNED_ANYHOW)
    ]
    return _correlation_row("turns by any angle, middle of the picture", found)


def _turned_correlation(image: Pixels, angle: float) -> float:
    side = min(image.shape[:2])
    square = image[:side, :side]
    heat, turned_heat = _unit_heat(square), _unit_heat(as_pixels(_turned(square, angle)))
    y, x = np.indices(heat.shape) - (heat.shape[0] - 1) / 2
    is_middle = np.hypot(x, y) < 0.4 * heat.shape[0]
    return _correlation(_turned(heat, angle)[is_middle], turned_heat[is_middle])


def _turned(picture: NDArray[Any], angle: float) -> NDArray[Any]:
    side = picture.shape[0]
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), angle, 1)
    return np.asarray(
        cv2.warpAffine(
            picture, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
    )


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _correlation_row(case: str, found: list[float]) -> Row:
    figure = f"lowest {min(found):.3f}, median {np.median(found):.3f}"
    target = f"correlation >= {LEAST_CORRELATION}"
    return Row(case, figure, target, min(found) >= LEAST_CORRELATION, len(found), SEED)


def _halves(random: Random) -> Row:
    hotter = sum(_is_texture_hotter(random) for _ in range(COMPOSITES))
    return Row(
        "half textured, half flat: textured half hotter",
        f"{hotter / COMPOSITES:.1%}",
        "100 %",
        hotter == COMPOSITES,
        COMPOSITES,
        SEED,
    )


def _is_texture_hotter(random: Random) -> bool:
    image = photographs()[random.choice(TEXTURES)]
    side = int(random.integers(150, 280))
    top, left = (int(random.integers(size - side + 1)) for size in image.shape[:2])
    textured = image[top : top + side, left : left + side]
    flat = noisy(as_pixels(np.full(textured.shape, random.integers(256, size=3))), 2, random)
    quarters = int(random.integers(4))
    composite = np.rot90(np.hstack([textured, flat]), quarters)
    heat = np.rot90(_unit_heat(np.ascontiguousarray(composite)), -quarters)
    half = heat.shape[1] // 2
    return bool(heat[:, :half].mean() > heat[:, half:].mean())
