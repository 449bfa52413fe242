"""Image quality: ramps, blur and noise of known strength."""

import cv2
import numpy as np

from benchmarks.quality.pairs import Random, as_pixels, noisy, photographs
from benchmarks.quality.row import Row
from engines.core.pixels import PartialImage, Pixels
from engines.image_quality import Params, Result, image_quality

SEED = 2026
TOLERANCES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5)
RAMPS = 100
BLURS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
SIGMAS = (2, 5, 10, 20)


def rows() -> list[Row]:
    """Exposure of ramps, sharpness under blur, noise that was added."""
    random = np.random.default_rng(SEED)
    return [_exposure(random), *_sharpness(), *_noise(random)]


def _quality(image: Pixels, tolerance: float = 0.01) -> Result:
    return image_quality(PartialImage(image, False), params=Params(tolerance=tolerance))


def _exposure(random: Random) -> Row:
    errors = [
        error
        for _ in range(RAMPS)
        for tolerance in TOLERANCES
        for error in _exposure_errors(random, tolerance)
    ]
    figure = f"largest error {max(errors):.2f} points"
    return Row("ramps", figure, "<= 0.5 points", max(errors) <= 0.5, len(errors), SEED)


def _exposure_errors(random: Random, tolerance: float) -> list[float]:
    """Of a ramp between two levels, before it is cut to whole levels."""
    ramp = np.linspace(random.uniform(-60, 60), random.uniform(195, 315), 1280)
    image = as_pixels(np.clip(np.rint(np.tile(ramp[:, None], (40, 1, 3))), 0, 255))
    exposure = _quality(image, tolerance).exposure
    under = 100 * float(np.mean(ramp <= 255 * tolerance))
    over = 100 * float(np.mean(ramp >= 255 * (1 - tolerance)))
    return [
        abs(exposure.underexposed_percent - under),
        abs(exposure.overexposed_percent - over),
    ]


def _sharpness() -> list[Row]:
    return [
        _falling(name, [_figures(image, name) for image in photographs().values()])
        for name in ("laplacian_variance", "sum_modified_laplacian")
    ]


def _figures(image: Pixels, name: str) -> list[float]:
    blurred = [as_pixels(cv2.GaussianBlur(image, (0, 0), sigma)) for sigma in BLURS]
    return [getattr(_quality(one).sharpness, name) for one in (image, *blurred)]


def _falling(name: str, found: list[list[float]]) -> Row:
    falling = np.mean([bool(np.all(np.diff(figures) < 0)) for figures in found])
    case = f"{name} falls with each of {len(BLURS)} blurs"
    return Row(case, f"{falling:.0%} of photographs", "100 %", falling == 1, len(found), SEED)


def _noise(random: Random) -> list[Row]:
    smooth = [_smoothed(image) for image in photographs().values()]
    coloured = [_error(noisy(image, sigma, random), sigma) for image in smooth for sigma in SIGMAS]
    grey = [
        _error(_noisy_alike(image, sigma, random), sigma) for image in smooth for sigma in SIGMAS
    ]
    return [
        _noise_row("noise of each channel, 2 <= sigma <= 20", coloured),
        _noise_row("noise alike in all channels, 2 <= sigma <= 20", grey),
    ]


def _smoothed(image: Pixels) -> Pixels:
    """Without noise of its own, and with room for noise below and above."""
    return as_pixels(60 + cv2.GaussianBlur(image, (0, 0), 2) * (135 / 255))


def _noisy_alike(image: Pixels, sigma: float, random: Random) -> Pixels:
    levels = image + random.normal(0, sigma, (*image.shape[:2], 1))
    return as_pixels(np.clip(np.rint(levels), 0, 255))


def _error(image: Pixels, sigma: float) -> float:
    return abs(_quality(image).noise / sigma - 1)


def _noise_row(case: str, errors: list[float]) -> Row:
    figure = f"largest error {max(errors):.1%}, median {np.median(errors):.1%}"
    return Row(case, figure, "<= 15 %", max(errors) <= 0.15, len(errors), SEED)
