"""What people would take to name colours: Pillow's `quantize` and, where installed, colorthief."""

import importlib.util
import io
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.core.shapes import Pixels

Numbers = NDArray[np.float64]
COUNT = 8


def known() -> dict[str, Callable[[Pixels], Numbers]]:
    """Palettes of at most eight RGB colours, by name."""
    palettes = {
        "Pillow, median cut": partial(_quantized, Image.Quantize.MEDIANCUT),
        "Pillow, octree": partial(_quantized, Image.Quantize.FASTOCTREE),
    }
    if importlib.util.find_spec("colorthief"):
        return {**palettes, "colorthief 0.2.1": _stolen}
    return {**palettes}


def _quantized(method: Image.Quantize, image: Pixels) -> Numbers:
    picture = _picture(image).quantize(COUNT, method=method).convert("RGB")
    return np.unique(np.asarray(picture).reshape(-1, 3), axis=0).astype(np.float64)


def _stolen(image: Pixels) -> Numbers:
    import colorthief  # type: ignore[import-not-found, unused-ignore]

    data = io.BytesIO()
    _picture(image).save(data, "png")
    try:
        return np.array(colorthief.ColorThief(data).get_palette(COUNT), np.float64)
    except Exception:  # It raises no narrower one where all is white.
        return np.zeros((1, 3))


def _picture(image: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(image[..., ::-1]))
