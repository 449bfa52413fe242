"""Saliency: what is apart from the border stands out, and what is joined to it does not."""

import cv2
import numpy as np

from engines.core.shapes import Pixels
from engines.vision.saliency import saliency

HEIGHT, WIDTH = 150, 200
DISC = np.hypot(*(np.indices((HEIGHT, WIDTH)) - np.array([75, 100]).reshape(2, 1, 1))) < 35


def two_grounds() -> Pixels:
    """Sky above and sand below, both of some texture."""
    noise = np.random.default_rng(2026).normal(0, 6, (HEIGHT, WIDTH, 1))
    is_sky = np.arange(HEIGHT)[:, np.newaxis, np.newaxis] < 80
    return np.asarray(np.where(is_sky, (220, 170, 120), (90, 150, 190)) + noise).astype(np.uint8)


def test_a_disc_stands_out_of_two_grounds() -> None:
    image = two_grounds()
    image[DISC] = (40, 40, 200)
    levels = saliency(image)
    inner, outer = cv2.erode(DISC.astype(np.uint8), np.ones((9, 9))), ~DISC
    assert levels[inner > 0].min() > 0.9
    assert np.percentile(levels[outer], 90) < 0.3


def test_what_runs_over_the_border_is_ground() -> None:
    image = two_grounds()
    image[:, 120:] = (40, 40, 200)
    image[60:110, 30:80] = (40, 200, 40)
    levels = saliency(image)
    assert levels[:, 130:].mean() < 0.2
    assert levels[65:105, 35:75].mean() > 0.9


def test_nothing_stands_out_of_one_colour() -> None:
    assert not saliency(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)).any()


def test_the_same_picture_is_always_as_salient() -> None:
    assert np.array_equal(saliency(two_grounds()), saliency(two_grounds()))
