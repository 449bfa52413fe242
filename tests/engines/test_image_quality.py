"""Image quality: exposure of known pictures, sharpness under blur, noise of known strength."""

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from engines.core.errors import BadParameter
from engines.core.pixels import PartialImage, Pixels
from engines.image_quality import Params, Result, draw, image_quality


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return np.ascontiguousarray(skimage.data.coffee()[..., ::-1])  # type: ignore[no-untyped-call]


@pytest.fixture
def ramp() -> Pixels:
    """Every level once, from left to right."""
    return np.tile(np.arange(256, dtype=np.uint8)[:, np.newaxis], (20, 1, 3))


def rate(image: Pixels, **params: float) -> Result:
    return image_quality(PartialImage(image, False), params=Params.model_validate(params))


def plain(level: int, height: int = 8, width: int = 8) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


def blurred(image: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def test_the_defaults_are_255_bins_and_one_hundredth() -> None:
    assert Params() == Params(bins=255, tolerance=0.01)


@pytest.mark.parametrize(
    ("name", "text"),
    [("bins", "0"), ("bins", "257"), ("bins", "9.5"), ("tolerance", "-0.01"),
     ("tolerance", "0.51"), ("tolerance", "nan"), ("tolerance", "1_0")],
)  # fmt: skip
def test_values_out_of_range_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=name):
        Params.from_text({name: text})


def test_a_cut_picture_is_told_from_a_whole_one() -> None:
    assert not rate(plain(9)).is_truncated
    assert image_quality(PartialImage(plain(9), True), params=Params()).is_truncated


def test_mean_and_deviation_are_those_of_rec_601_luma() -> None:
    green = np.zeros((4, 4, 3), np.uint8)
    green[..., 1] = 255
    exposure = rate(green).exposure
    assert exposure.mean == 150
    assert exposure.standard_deviation == 0


def test_black_is_underexposed_and_white_overexposed() -> None:
    halves = np.hstack([plain(0), plain(128), plain(128), plain(255)])
    exposure = rate(halves).exposure
    assert (exposure.underexposed_percent, exposure.overexposed_percent) == (25, 25)
    assert exposure.underexposed.pixels.dtype == np.bool_
    assert exposure.underexposed.pixels[:, :8].all()
    assert exposure.overexposed.pixels[:, 24:].all()


@pytest.mark.parametrize("tolerance", [0, 0.01, 0.1, 0.25, 0.5])
def test_of_an_even_ramp_the_tolerance_is_badly_exposed(ramp: Pixels, tolerance: float) -> None:
    exposure = rate(ramp, tolerance=tolerance).exposure
    assert exposure.underexposed_percent == pytest.approx(100 * tolerance, abs=0.5)
    assert exposure.overexposed_percent == pytest.approx(100 * tolerance, abs=0.5)


@pytest.mark.parametrize(("tolerance", "margin"), [(0, 0), (0.2, 51), (0.4, 102)])
def test_the_level_at_the_tolerance_is_badly_exposed_and_the_next_is_not(
    tolerance: float, margin: int
) -> None:
    levels = np.hstack([plain(level) for level in (margin, margin + 1, 254 - margin, 255 - margin)])
    exposure = rate(levels, tolerance=tolerance).exposure
    assert exposure.underexposed.pixels[0, ::8].tolist() == [True, False, False, False]
    assert exposure.overexposed.pixels[0, ::8].tolist() == [False, False, False, True]


def test_at_a_tolerance_of_one_half_every_level_is_badly_exposed_once(ramp: Pixels) -> None:
    exposure = rate(ramp, tolerance=0.5).exposure
    assert (exposure.underexposed.pixels ^ exposure.overexposed.pixels).all()
    assert exposure.underexposed_percent == exposure.overexposed_percent == 50


def test_mean_and_deviation_are_those_of_two_levels() -> None:
    exposure = rate(np.hstack([plain(0), plain(0), plain(0), plain(200)])).exposure
    assert exposure.mean == pytest.approx(50)
    assert exposure.standard_deviation == pytest.approx(200 * np.sqrt(3) / 4)


@pytest.mark.parametrize("bins", [1, 2, 255, 256])
def test_a_plain_picture_is_in_one_bin(bins: int) -> None:
    histogram = rate(plain(200), bins=bins).exposure.histogram
    assert len(histogram) == bins
    assert histogram[200 * bins // 256] == sum(histogram) == 64


@given(st.binary(min_size=12, max_size=12))
def test_256_bins_are_the_levels_themselves(levels: bytes) -> None:
    grey = np.frombuffer(levels, np.uint8).reshape(3, 4, 1).repeat(3, axis=2)
    histogram = rate(grey, bins=256).exposure.histogram
    assert histogram == [levels.count(level) for level in range(256)]


@given(st.integers(1, 256))
def test_bins_are_as_wide_as_each_other_to_a_level(bins: int) -> None:
    every_level = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    histogram = rate(every_level, bins=bins).exposure.histogram
    assert len(histogram) == bins
    assert sum(histogram) == 256
    assert max(histogram) - min(histogram) <= 1


@pytest.mark.parametrize(("bins", "first", "last"), [(2, 127, 128), (4, 63, 192), (255, 1, 255)])
def test_dark_levels_are_in_the_first_bin_and_light_ones_in_the_last(
    bins: int, first: int, last: int
) -> None:
    assert rate(plain(first), bins=bins).exposure.histogram[0] == 64
    assert rate(plain(first + 1), bins=bins).exposure.histogram[0] == 0
    assert rate(plain(last), bins=bins).exposure.histogram[-1] == 64
    assert rate(plain(last - 1), bins=bins).exposure.histogram[-1] == 0


def test_a_flat_picture_has_no_sharpness_and_no_noise() -> None:
    result = rate(plain(77))
    assert result.sharpness.model_dump() == dict.fromkeys(result.sharpness.model_dump(), 0)
    assert result.noise == 0


def test_the_figures_of_a_lone_bright_pixel_follow_from_their_definitions() -> None:
    spot = plain(0, 9, 9)
    spot[4, 4] = 10
    sharpness = rate(spot).sharpness
    laplacian = np.array([40, 10, 10, 10, 10] + [0] * 76)
    assert sharpness.laplacian_variance == pytest.approx(laplacian.var())
    assert sharpness.sum_modified_laplacian == pytest.approx((40 + 4 * 10) / 81)


@pytest.mark.parametrize("height", [2, 127, 128, 129, 300])
def test_a_tall_picture_is_looked_at_in_strips_without_seams(height: int) -> None:
    grey = np.random.default_rng(3).integers(0, 256, (height, 20, 1), np.uint8)
    around = np.pad(grey[..., 0].astype(float), 1, "reflect")
    across = 2 * around[1:-1, 1:-1] - around[1:-1, :-2] - around[1:-1, 2:]
    down = 2 * around[1:-1, 1:-1] - around[:-2, 1:-1] - around[2:, 1:-1]
    found = rate(np.repeat(grey, 3, axis=2)).sharpness
    assert found.laplacian_variance == pytest.approx(np.abs(across + down).var())
    assert found.sum_modified_laplacian == pytest.approx((np.abs(across) + np.abs(down)).mean())


@pytest.mark.parametrize("name", ["laplacian_variance", "sum_modified_laplacian"])
def test_sharpness_falls_with_blur(photograph: Pixels, name: str) -> None:
    pictures = (photograph, *(blurred(photograph, sigma) for sigma in (1, 2, 4, 8)))
    figures = [getattr(rate(one).sharpness, name) for one in pictures]
    assert figures == sorted(figures, reverse=True)
    assert figures[0] > figures[-1]


@pytest.mark.parametrize("is_coloured", [True, False])
@pytest.mark.parametrize("sigma", [2, 5, 10, 20])
def test_noise_is_measured_on_a_ramp(sigma: float, is_coloured: bool) -> None:
    ramp = np.tile(np.linspace(70, 180, 300)[:, np.newaxis], (200, 1, 3))
    shape = ramp.shape if is_coloured else (200, 300, 1)
    noisy = ramp + np.random.default_rng(5).normal(0, sigma, shape)
    measured = rate(np.clip(np.rint(noisy), 0, 255).astype(np.uint8)).noise
    assert measured == pytest.approx(sigma, rel=0.15)


def test_stripes_are_as_sharp_across_as_down(photograph: Pixels) -> None:
    across = np.tile(np.repeat([[50, 50, 180]], 60, axis=0).ravel(), (180, 1))
    stripes = np.dstack([across] * 3).astype(np.uint8)
    assert rate(stripes).sharpness.sum_modified_laplacian > 0
    ours, turned = rate(stripes).sharpness, rate(np.swapaxes(stripes, 0, 1)).sharpness
    assert ours.model_dump() == pytest.approx(turned.model_dump())


def test_noise_of_a_large_picture_is_told_from_bands_that_join_at_edges() -> None:
    noise = np.random.default_rng(5).normal(0, 5, (500, 500, 3))
    steps = np.repeat(np.arange(40, 200, 20), 375)[:, np.newaxis, np.newaxis]
    measured = rate(np.rint(steps + np.tile(noise, (6, 4, 1))).astype(np.uint8)).noise
    assert measured == pytest.approx(5, rel=0.03)


def test_texture_of_one_half_is_no_noise() -> None:
    noise = np.random.default_rng(5).normal(0, 5, (240, 320, 3))
    noise[:, 200:] += np.where(np.indices((240, 120)).sum(axis=0) // 2 % 2, 60, -60)[..., None]
    measured = rate(np.rint(128 + noise).astype(np.uint8)).noise
    assert measured == pytest.approx(5, rel=0.15)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (1, 20_000), (20_000, 1)])
def test_odd_sizes_are_rated(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    result = rate(image)
    assert result.exposure.underexposed.pixels.shape == shape
    assert result.noise >= 0


def test_a_view_of_a_picture_is_rated_as_its_copy_is(photograph: Pixels) -> None:
    view = photograph[::-1, ::2]
    before = view.copy()
    assert rate(view).model_dump(exclude={"exposure"}) == rate(before).model_dump(
        exclude={"exposure"}
    )
    assert (view == before).all()


def test_badly_exposed_pixels_are_painted() -> None:
    image = np.hstack([plain(0), plain(128), plain(255)])
    image.flags.writeable = False
    painted = draw(PartialImage(image, False), rate(image)).pixels
    assert (painted[:, 8:16] == 128).all()
    assert painted[0, 0].tolist() == [255, 64, 0]
    assert painted[0, 23].tolist() == [0, 0, 255]
