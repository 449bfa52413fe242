"""Edges: outlines of drawn shapes, without and with noise."""

import cv2
import numpy as np

from benchmarks.quality.pairs import Random, as_pixels, jpeg, noisy
from benchmarks.quality.row import Row
from engines.core.shapes import Mask, Pixels
from engines.edges import Params, edges

SEED = 2026
PICTURES = 100
SIDE = 400
NEAR_PX = 2


def rows() -> list[Row]:
    """How much of each outline is found, and how much of what is found is outline."""
    return [
        *_rows("plain", 0, 100),
        *_rows("noise of 3 grey levels, JPEG of quality 90", 3, 90),
    ]


def _rows(case: str, sigma: float, quality: int) -> list[Row]:
    random = np.random.default_rng(SEED)
    figures = np.array([_figures(random, sigma, quality) for _ in range(PICTURES)])
    names = (f"outline within {NEAR_PX} px of an edge", f"edges within {NEAR_PX} px of an outline")
    return [
        Row(f"{case}: {name}", f"{share:.1%}", ">= 98%", bool(share >= 0.98), PICTURES, SEED)
        for name, share in zip(names, figures.mean(axis=0), strict=True)
    ]


def _figures(random: Random, sigma: float, quality: int) -> tuple[float, float]:
    image, outline = _drawing(random)
    seen = jpeg(noisy(image, sigma, random), quality) if sigma else image
    grey = as_pixels(cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY))
    found = edges(grey, params=Params(threshold_min=50, threshold_max=100)).edges.pixels
    return _covered(outline, found), _covered(found, outline)


def _drawing(random: Random) -> tuple[Pixels, Mask]:
    """Five shapes, anti-aliased, each of which differs from what it covers; and their outlines."""
    labels = np.zeros((SIDE * 4, SIDE * 4), np.uint8)
    for label in range(1, 6):
        middle = random.integers(SIDE, SIDE * 3, 2)
        corners = middle + random.integers(-SIDE, SIDE, (4, 2))
        cv2.fillConvexPoly(labels, cv2.convexHull(corners.astype(np.int32)), label)
    greys = random.permutation(np.linspace(10, 245, 6)).astype(np.uint8)
    image = cv2.resize(greys[labels], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    small = labels[2::4, 2::4]
    outline = np.zeros((SIDE, SIDE), np.bool_)
    outline[:, 1:] |= small[:, 1:] != small[:, :-1]
    outline[1:] |= small[1:] != small[:-1]
    return as_pixels(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)), outline


def _covered(mask: Mask, other: Mask) -> float:
    """The share of a mask that lies near another."""
    distances = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, 5)
    return float((distances[mask] <= NEAR_PX).mean())
