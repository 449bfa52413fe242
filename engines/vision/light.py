"""Light: whether two pictures lie in one, and a picture in the light of another."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Layers: TypeAlias = NDArray[np.float32]
Levels: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]
Light: TypeAlias = NDArray[np.float64]
"""(4,): gain, its change along x and y, and offset; see `OFFSET`."""

SAME_LEVELS = 2.0
"""How far most pixels are apart in one light; another one is never made up for so well."""
MOVED_LEVELS = 6.0
"""How far a JPEG may move an even ground."""
SAMPLES = 12_000
MOST_GAIN = 3.0
MOST_TINT = 1.5
OFFSET = 20.0
"""Levels that a coefficient of 1 adds, so that all coefficients are of one order."""


def are_in_one_light(first: Layers, second: Layers, valid: Flags) -> bool:
    """Whether half of all levels have hardly moved.

    Args:
        first: float32 (H, W, 3), BGR, and so is the second.
        valid: what both cover.
    """
    is_near = (cv2.absdiff(first, second) < SAME_LEVELS).view(np.uint8)
    return float(np.mean(cv2.mean(is_near, valid.view(np.uint8))[:3])) > 0.5


def in_the_light_of(first: Layers, second: Layers, valid: Flags) -> Layers:
    """The first picture under the second's exposure, white balance and fall-off of light.

    Args:
        first: float32 (H, W, 3), BGR, and so is the second.
        valid: what both cover.

    Returns:
        of the same form; levels may lie beyond 0 and 255.
    """
    height, width = valid.shape
    step = max(1, int(np.sqrt(height * width / SAMPLES)))
    chosen = valid[::step, ::step]
    here, there = (
        np.asarray(cv2.blur(one, (3, 3)), np.float32)[::step, ::step][chosen]
        for one in (first, second)
    )
    x, y = _from_middle(width), _from_middle(height)[:, np.newaxis]
    places = np.stack(np.broadcast_arrays(x[::step], y[::step]))[:, chosen]
    lights = _without_tint(
        np.stack([_light(here[:, one], there[:, one], places) for one in range(3)])
    )
    layers = [
        (plane * (gain + along_x * x + along_y * y) + OFFSET * offset).astype(np.float32)
        for plane, (gain, along_x, along_y, offset) in zip(cv2.split(first), lights, strict=True)
    ]
    return np.asarray(cv2.merge(layers), np.float32)


def _from_middle(length: int) -> Levels:
    return ((np.arange(length, dtype=np.float32) + 0.5) / length - 0.5).astype(np.float32)


def _light(here: Levels, there: Levels, places: Levels) -> Light:
    """Gain, its change along x and y, and offset of a channel, by what most pixels have."""
    moved = float(np.median(np.abs(here - there)))
    if moved < SAME_LEVELS:
        return _fitted(here, there, places, 1.0)
    gain = float(np.median(there)) / max(1.0, float(np.median(here)))
    by_gain = _fitted(here, there, places, float(np.clip(gain, 1 / MOST_GAIN, MOST_GAIN)))
    if moved > MOVED_LEVELS:
        return by_gain
    # A dark ground that a JPEG has moved says nothing of a gain: all else does.
    lights = by_gain, _fitted(here, there, places, 1.0, float(np.median(here)))
    missed = np.abs([there - _lit(here, places, light) for light in lights])
    reach = 4 * max(1.0, 1.4826 * float(np.median(missed, axis=1).min()))
    return lights[int(np.minimum(missed, reach).sum(axis=1).argmin())]


def _fitted(here: Levels, there: Levels, places: Levels, gain: float, middle: float = 0) -> Light:
    """The light by weighted least squares, from a gain; one that levels at `middle` do not move."""
    terms = np.vstack([here - middle, here * places, np.full_like(here, OFFSET)])
    terms = terms.astype(np.float64)
    prior = np.array([gain, 0, 0, gain * middle / OFFSET])
    ridge = np.eye(4) * 2.0 * len(here)
    light = prior
    for _ in range(8):
        missed = there - light @ terms
        reach = 4 * max(1.0, 1.4826 * float(np.median(np.abs(missed))))
        weights = np.clip(1 - (missed / reach) ** 2, 0, None) ** 2
        weighed = terms * weights
        light = np.linalg.solve(weighed @ terms.T + ridge, weighed @ there + ridge @ prior)
    if not 1 / MOST_GAIN < light[0] < MOST_GAIN:
        light = prior
    return np.asarray(light - np.array([0, 0, 0, light[0] * middle / OFFSET]), np.float64)


def _lit(here: Levels, places: Levels, light: Light) -> NDArray[np.float64]:
    gain, along_x, along_y, offset = light
    slopes = np.array([along_x, along_y]) @ places
    return np.asarray(here * (gain + slopes) + OFFSET * offset, np.float64)


def _without_tint(lights: NDArray[np.float64]) -> NDArray[np.float64]:
    """No channel far from the others: that would be another colour, not another light."""
    usual = np.median(lights[:, 0])
    is_far = np.abs(np.log(lights[:, 0] / usual)) > np.log(MOST_TINT)
    return np.where(is_far[:, np.newaxis], [usual, 0, 0, 0], lights)
