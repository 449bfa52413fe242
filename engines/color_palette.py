"""Colour palette: the colours that a picture consists of, and their shares."""

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Info, Parameters, Reduced
from engines.palette.inks import inks
from engines.palette.k_medians import histogram_of, medians, squared_distances
from engines.palette.sampling import look_at, may_be_drawn, places_of, taken
from engines.palette.spaces import to_lab, to_levels, to_rgb

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.intp]


class Params(Parameters):
    """How many colours."""

    count: int = Field(8, ge=1, le=32, description="Colours at most.")


Level = Annotated[int, Field(ge=0, le=255)]


class Color(NamedTuple):
    """A colour in sRGB, and how much of the picture it takes up."""

    red: Level
    green: Level
    blue: Level
    percent: Annotated[int, Field(ge=1, le=100)]


class Result(EngineResult[Info]):
    """The palette."""

    colors: list[Color] = Field(
        min_length=1,
        max_length=32,
        description="Most frequent first; of equal percentages that with less red, then green, "
        "then blue. The percentages add up to 100.",
    )


@engine(version="4.0.0")
def color_palette(image: Reduced, *, params: Params) -> Result:
    """Find the colours that leave the least distance in CIELAB.

    Where a quarter of a picture is flat, it is taken as drawn, and its colours are inks: those
    that lie flat somewhere, and those of strokes too thin for that, unless what is beside them
    mixes to such a colour. Elsewhere, some more colours than asked for are found, then those
    given up that cost least.

    Args:
        image: uint8 (H, W, 3), BGR; a JPEG of 8 megapixels and more at half its size and less.

    Returns:
        colours in sRGB with their shares in whole percent; at least 1 each.

    Source:
        Own: k-medians on a histogram, after Celebi, Improving the performance of k-means for
        color quantization, Image and Vision Computing 29, 2011.
    """
    places = places_of(image)
    look = look_at(image, places) if may_be_drawn(image, places) else None
    if look and look.is_drawn():
        centres = inks(look, params.count)
        histogram = histogram_of(look.sharpened(), to_levels)
        distances = squared_distances(histogram.colors, to_levels(to_rgb(centres)[:, ::-1]))
    else:
        histogram = histogram_of(taken(image, places), to_lab)
        centres = medians(histogram, params.count)
        distances = squared_distances(histogram.colors, centres)
    colors = _rated(centres, histogram.weights, distances)
    details = Details[Info](message=f"Found {len(colors)} colors", info=Info())
    return Result(colors=colors, details=details)


def _rated(centres: Floats, weights: Floats, distances: Floats) -> list[Color]:
    sizes = np.bincount(distances.argmin(axis=1), weights, len(centres)).astype(np.float64)
    rows = np.column_stack([to_rgb(centres), _percentages(sizes)])
    return sorted((Color(*row) for row in rows.tolist()), key=lambda one: (-one.percent, one))


def _percentages(sizes: Floats) -> Integers:
    """Apportion 100 by largest remainders, after 1 each for those that have less."""
    exact = sizes / sizes.sum() * 100
    is_small = exact < 1
    exact[~is_small] *= (100 - is_small.sum()) / exact[~is_small].sum()
    exact[is_small] = 1
    percent: Integers = np.floor(exact).astype(np.intp)
    percent[np.argsort(percent - exact, kind="stable")[: 100 - percent.sum()]] += 1
    return percent
