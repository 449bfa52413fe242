"""Local contrast: what light does to a picture goes, and what it shows stays."""

import cv2
import numpy as np
import pytest
import skimage.data

from engines.core.shapes import Pixels
from engines.vision.local_contrast import flattened, pearson


@pytest.fixture(scope="module")
def colours() -> Pixels:
    photograph = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(photograph[..., ::-1])


def test_levels_are_about_their_exact_neighbourhoods(colours: Pixels) -> None:
    """In a small copy the means are nearly those of a Gaussian of 10 px over all pixels."""
    levels = colours.astype(np.float64)
    centred = levels - cv2.GaussianBlur(levels, (0, 0), 10)
    spread = np.sqrt(cv2.GaussianBlur((centred**2).mean(axis=2), (0, 0), 10))
    measure = spread + 4 + 2 * immerkaer(colours)
    exact = np.clip(128 + 42 * centred / measure[..., np.newaxis], 0, 255).astype(np.uint8)
    apart = cv2.absdiff(flattened(colours), cv2.GaussianBlur(exact, (0, 0), 0.8))
    assert np.percentile(apart, 99) <= 1
    assert apart.max() <= 10


def immerkaer(image: Pixels) -> float:
    """The noise by its definition: the median of second differences, across and down."""
    second = np.array([-1, 2, -1], np.float32)
    differences = np.abs(cv2.sepFilter2D(image, cv2.CV_32F, second, second))
    return float(1.4826 / 6 * np.median(differences))


def test_light_that_falls_off_hardly_changes_it(colours: Pixels) -> None:
    fading = np.linspace(1, 0.5, colours.shape[1])[:, np.newaxis]
    dim = np.rint(colours * fading).astype(np.uint8)
    assert pearson(flattened(colours), flattened(dim)) > 0.98


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 3), (5, 400)])
def test_pictures_smaller_than_a_neighbourhood_keep_their_form(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    assert flattened(image).shape == size
    assert flattened(np.dstack([image] * 3)).shape == (*size, 3)


def test_a_flat_picture_is_128() -> None:
    assert (flattened(np.full((50, 60, 3), 77, np.uint8)) == 128).all()


def test_noise_is_not_made_loud() -> None:
    """However strong it is: differences beyond 255 are counted, too."""
    random = np.random.default_rng(1)
    loud = random.choice(np.array([0, 255], np.uint8), (200, 200))
    expected = 42 * loud.std() / (loud.std() + 4 + 2 * immerkaer(loud))
    soft = cv2.GaussianBlur(loud, (0, 0), 0.8).std() / loud.std()
    assert flattened(loud).std() == pytest.approx(expected * soft, rel=0.1)
