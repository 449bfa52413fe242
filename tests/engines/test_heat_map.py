"""Heat map: where the heat is, that it turns with the picture, and how it is shown."""

import cv2
import numpy as np
import pytest
import skimage.data

from engines.core.errors import BadParameter
from engines.core.shapes import Pixels
from engines.heat_map import Colormap, Params, Result, heat_map


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])  # type: ignore[no-untyped-call]


def heat_of(image: Pixels) -> Pixels:
    """How light the heat is; inferno's lightness rises with it."""
    shown = heat_map(image, params=Params(overlay=False)).heatmap.pixels
    return np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2LAB)[..., 0], np.uint8)


def correlation(one: Pixels, other: Pixels) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def plain(height: int, width: int, level: int = 120) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


def test_the_defaults_lay_inferno_over_the_picture() -> None:
    assert Params() == Params(overlay=True, colormap=Colormap.INFERNO)


def test_the_answer_is_of_the_pictures_size(photograph: Pixels) -> None:
    result = heat_map(photograph[:301, :457], params=Params())
    assert result.heatmap.pixels.shape == (301, 457, 3)
    assert result.details.message == ""


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turning_the_picture_turns_the_heat(photograph: Pixels, quarters: int) -> None:
    turned = np.ascontiguousarray(np.rot90(photograph, quarters))
    assert correlation(np.rot90(heat_of(photograph), quarters), heat_of(turned)) > 0.95


def test_flipping_the_picture_flips_the_heat(photograph: Pixels) -> None:
    flipped = np.ascontiguousarray(photograph[:, ::-1])
    assert correlation(heat_of(photograph)[:, ::-1], heat_of(flipped)) > 0.95


def test_a_picture_of_twice_the_size_has_the_same_heat(photograph: Pixels) -> None:
    large = cv2.resize(photograph, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    heat = cv2.resize(heat_of(np.asarray(large, np.uint8)), photograph.shape[1::-1])
    assert correlation(np.asarray(heat, np.uint8), heat_of(photograph)) > 0.9


@pytest.mark.parametrize("name", ["brick", "grass", "gravel"])
def test_texture_is_hotter_than_a_plain_half(name: str) -> None:
    texture = np.dstack([getattr(skimage.data, name)()[:200, :200]] * 3)
    heat = heat_of(np.hstack([texture, plain(200, 200)]))
    assert heat[:, :200].mean() > 2 * heat[:, 200:].mean()


def spots(*marks: tuple[float, float]) -> Pixels:
    """Gaussian spots on grey in one row, 100 px apart: each of a radius and a contrast."""
    y, x = np.mgrid[:100, : 100 * len(marks)]
    levels = np.full(x.shape, 100.0)
    for place, (radius, contrast) in enumerate(marks):
        from_middle = (x - 50 - 100 * place) ** 2 + (y - 50) ** 2
        levels += contrast * np.exp(-from_middle / (2 * radius**2))
    return np.dstack([np.rint(levels).astype(np.uint8)] * 3)


@pytest.mark.parametrize("radius", [2, 4, 7])
def test_a_spot_of_any_size_is_hottest_in_its_middle(radius: float) -> None:
    heat = heat_of(spots((radius, 0), (radius, 20)))
    assert np.unravel_index(heat.argmax(), heat.shape) == pytest.approx((50, 150), abs=1)


def test_a_large_spot_is_about_as_hot_as_a_small_one() -> None:
    heat = heat_of(spots((3, 60), (6, 60)))
    assert int(heat[50, 50]) == pytest.approx(int(heat[50, 150]), rel=0.15)


def test_a_spot_that_stands_out_more_is_hotter() -> None:
    heat = heat_of(spots((4, 30), (4, 90)))
    assert 0 < heat[50, 50] < heat[50, 150] / 2


def test_a_straight_edge_holds_nothing_in_its_middle() -> None:
    y, x = np.mgrid[:240, :240]
    heat = heat_of(np.dstack([np.where(x + y > 240, 200, 60).astype(np.uint8)] * 3))
    assert heat[120, 120] < heat.max() / 2


@pytest.mark.parametrize("noise", [0, 1, 3])
def test_a_flat_picture_gives_an_even_map_and_says_so(noise: float) -> None:
    levels = 128 + np.random.default_rng(1).normal(0, noise, (240, 320, 3))
    result = heat_map(np.rint(levels).astype(np.uint8), params=Params(overlay=False))
    assert "flat" in result.details.message
    assert np.ptp(result.heatmap.pixels.reshape(-1, 3), axis=0).tolist() == [0, 0, 0]


def test_laid_over_the_picture_shows_through(photograph: Pixels) -> None:
    over = heat_map(photograph, params=Params()).heatmap.pixels
    alone = heat_map(photograph, params=Params(overlay=False)).heatmap.pixels
    mixed = 0.55 * alone.astype(float) + 0.45 * photograph
    assert np.abs(over - mixed).max() <= 1


def brightest(result: Result) -> list[int]:
    pixels = result.heatmap.pixels.reshape(-1, 3)
    return [int(level) for level in pixels[pixels.sum(axis=1).argmax()]]


@pytest.mark.parametrize("name", [one.value for one in Colormap])
def test_each_map_is_found_in_any_case_and_differs(photograph: Pixels, name: str) -> None:
    params = Params.from_text({"colormap": name.upper(), "overlay": "False"})
    assert params.colormap.value == name
    others = [Params(overlay=False, colormap=one) for one in Colormap if one.value != name]
    ours = brightest(heat_map(photograph, params=params))
    assert ours not in [brightest(heat_map(photograph, params=one)) for one in others]


@pytest.mark.parametrize("colormap", list(Colormap))
def test_a_lone_spot_is_lightest_and_all_around_it_gets_darker(colormap: Colormap) -> None:
    image = np.asarray(cv2.circle(plain(200, 200), (100, 100), 4, (255, 255, 255), -1), np.uint8)
    shown = heat_map(image, params=Params(overlay=False, colormap=colormap)).heatmap.pixels
    lightness = cv2.cvtColor(shown, cv2.COLOR_BGR2LAB)[..., 0].astype(int)
    outwards = lightness[100, 100:124:4]
    assert (np.diff(outwards) < 0).all()
    assert outwards[0] == lightness.max()


@pytest.mark.parametrize(("name", "text"), [("colormap", "jet"), ("overlay", "perhaps")])
def test_unknown_values_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=name):
        Params.from_text({name: text})


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 20_000), (20_000, 1)])
def test_odd_sizes_give_an_even_map(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    result = heat_map(image, params=Params())
    assert result.heatmap.pixels.shape == (*shape, 3)
    assert result.details.message


def test_a_view_of_a_picture_is_left_as_it_is(photograph: Pixels) -> None:
    view = photograph[::-2, ::2]
    before = view.copy()
    seen, copied = heat_map(view, params=Params()), heat_map(before, params=Params())
    assert (seen.heatmap.pixels == copied.heatmap.pixels).all()
    assert (view == before).all()
