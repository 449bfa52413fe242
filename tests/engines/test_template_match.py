"""Template match: copies are found where they are, and nothing where none is."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines import template_match as module
from engines.core import progress
from engines.core.errors import BadParameter, PictureTooSmall
from engines.core.shapes import Box, Pixels
from engines.template_match import Params, Result, draw, heatmap, template_match
from engines.vision.correlation import Method
from tests.engines import drawing

NORMED = [Method.TM_CCOEFF_NORMED, Method.TM_CCORR_NORMED, Method.TM_SQDIFF_NORMED]
BY_CONTRAST = [Method.TM_CCOEFF_NORMED, Method.TM_CCOEFF, Method.TM_SQDIFF]
"""What tells apart places that are about as light."""


@pytest.fixture(scope="module")
def astronaut() -> Pixels:
    return drawing.photograph("astronaut.png")


@pytest.fixture(scope="module")
def icon() -> Pixels:
    """A white arrow on a blue disc before grey; 32 x 24 px, BGR."""
    image = np.full((24, 32, 3), 200, np.uint8)
    cv2.circle(image, (15, 12), 10, (200, 90, 20), -1)
    cv2.arrowedLine(image, (9, 16), (20, 7), (255, 255, 255), 2)
    return image


def screen(*places: tuple[int, int], of: Pixels, size: tuple[int, int] = (240, 160)) -> Pixels:
    """A plain grey picture with a copy at each x, y."""
    image = np.full((size[1], size[0], 3), 200, np.uint8)
    for x, y in places:
        image[y : y + of.shape[0], x : x + of.shape[1]] = of
    return image


def places(result: Result) -> list[tuple[int, int]]:
    return [(one.box.left, one.box.top) for one in result.matches]


def scores(result: Result) -> list[float]:
    return [one.score for one in result.matches]


def match(image: Pixels, template: Pixels, **params: object) -> Result:
    return template_match(image, template, params=Params.model_validate(params))


def moved(image: NDArray[Any], *, factor: float = 1, offset: float = 0) -> Pixels:
    return np.rint(image * factor + offset).clip(0, 255).astype(np.uint8)


def test_the_defaults_are_those_of_the_document() -> None:
    assert Params() == Params(
        method=Method.TM_CCOEFF_NORMED, threshold=0.8, max_results=20, grayscale=True
    )


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("grayscale", [True, False])
def test_an_exact_copy_scores_one_and_alone_does(
    astronaut: Pixels, method: Method, grayscale: bool
) -> None:
    cut = astronaut[100:150, 200:260]
    result = match(astronaut, cut, method=method, grayscale=grayscale, threshold=1)
    assert [one.box for one in result.matches] == [Box(200, 100, 260, 150)]
    assert scores(result) == [1] == [result.best_score]


@pytest.mark.parametrize("method", BY_CONTRAST)
def test_what_is_absent_is_not_found(astronaut: Pixels, method: Method) -> None:
    result = match(astronaut[:, :150], astronaut[100:150, 200:260], method=method)
    assert result.matches == []
    assert 0 <= result.best_score < 0.5
    assert result.details.message.startswith(f"No match: the best place scores {result.best_score}")


@pytest.mark.parametrize("method", NORMED)
def test_scores_of_normed_methods_are_opencvs_turned_to_higher_is_better(
    astronaut: Pixels, method: Method
) -> None:
    grey = cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)
    cut, elsewhere = astronaut[100:150, 200:260], grey[:, :150]
    value = cv2.matchTemplate(elsewhere, grey[100:150, 200:260], getattr(cv2, method))
    best = 1 - value.min() if method is Method.TM_SQDIFF_NORMED else value.max()
    found = match(astronaut[:, :150], cut, method=method).best_score
    assert found == pytest.approx(float(best), abs=1e-3)


def test_squared_difference_scores_the_share_of_the_variance_it_leaves(icon: Pixels) -> None:
    lighter = moved(icon // 2, offset=20)
    variance = float(cv2.cvtColor(icon // 2, cv2.COLOR_BGR2GRAY).var())
    result = match(lighter, icon // 2, method="TM_SQDIFF")
    assert result.best_score == pytest.approx(1 - 20**2 / variance, abs=1e-3)


@pytest.mark.parametrize(("factor", "share"), [(0.5, 0.5), (2, 0.5)])
def test_sums_that_are_not_normed_want_the_same_contrast(
    icon: Pixels, factor: float, share: float
) -> None:
    dark = icon // 4 * 2
    changed = moved(dark, factor=factor)
    assert match(changed, dark, method="TM_CCOEFF").best_score == pytest.approx(share, abs=0.01)
    assert match(changed, dark, method="TM_CCORR").best_score == pytest.approx(share, abs=0.01)
    assert match(changed, dark, method="TM_CCOEFF_NORMED").best_score > 0.99


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_other_light_does_not_matter_to_the_default(astronaut: Pixels, factor: float) -> None:
    result = match(moved(astronaut, factor=factor), astronaut[20:80, 180:250])
    assert places(result)[0] == (180, 20)
    assert scores(result)[0] > 0.95


@pytest.mark.parametrize("method", NORMED)
def test_in_the_dark_nothing_is_found(icon: Pixels, method: Method) -> None:
    image = screen((30, 40), of=icon)
    image[80:] = np.random.default_rng(1).random((80, 240, 1)) < 0.05
    result = match(image, icon, method=method, threshold=0.99)
    assert places(result) == [(30, 40)]
    assert result.response.pixels[92:].max() == 1, "the level of a score of 0"


def test_the_faintest_noise_of_a_flat_picture_matches_nothing(icon: Pixels) -> None:
    is_other = np.random.default_rng(1).random((2000, 2000, 1)) < 0.01
    image = np.repeat(np.where(is_other, 254, 255), 3, axis=2).astype(np.uint8)
    assert match(image, icon).best_score == 0


@pytest.mark.parametrize("method", list(Method))
def test_a_flat_template_is_found_where_the_picture_is_flat_and_as_light(method: Method) -> None:
    image = screen((100, 50), of=np.full((20, 20, 3), 120, np.uint8))
    result = match(image, np.full((20, 20, 3), 122, np.uint8), method=method)
    assert places(result) == [(100, 50)]
    assert result.details.info.is_flat
    assert match(image, np.full((20, 20, 3), 160, np.uint8), method=method).best_score == 0


def test_a_flat_template_is_not_found_in_noise_around_its_level() -> None:
    levels = 120 + np.random.default_rng(2).normal(0, 30, (100, 100, 3))
    assert not match(moved(levels), np.full((20, 20, 3), 120, np.uint8)).matches


def test_a_flat_template_has_a_colour() -> None:
    red, green = np.full((9, 9, 3), (0, 0, 120), np.uint8), np.full((9, 9, 3), (0, 61, 0), np.uint8)
    image = screen((10, 20), (50, 60), of=green)
    image[20:29, 10:19] = red
    assert places(match(image, red)) == [(10, 20), (50, 60)]
    assert places(match(image, red, grayscale=False)) == [(10, 20)]


def test_one_pixel_is_found_by_its_level(icon: Pixels) -> None:
    image = screen((5, 7), of=np.zeros((1, 1, 3), np.uint8))
    assert places(match(image, np.zeros((1, 1, 3), np.uint8))) == [(5, 7)]


def test_colours_tell_apart_what_grey_does_not(icon: Pixels) -> None:
    swapped = icon[..., [1, 2, 0]]
    grey = cv2.cvtColor(icon, cv2.COLOR_BGR2GRAY)
    alike = np.dstack([grey] * 3)
    image = screen((10, 10), of=icon)
    image[80:104, 100:132] = alike
    assert places(match(image, icon)) == [(10, 10), (100, 80)]
    assert places(match(image, icon, grayscale=False, threshold=0.9)) == [(10, 10)]
    assert not match(screen((10, 10), of=swapped), icon, grayscale=False).matches


def test_copies_side_by_side_are_all_found_from_the_top_and_the_left(icon: Pixels) -> None:
    copies = [(x, y) for y in (10, 34, 58) for x in (20, 52, 84, 116)]
    result = match(screen(*reversed(copies), of=icon), icon)
    assert places(result) == copies
    assert scores(result) == [1] * 12
    assert result.details.message == "Found 12 matches"


def test_the_best_come_first_and_no_more_than_asked_for(icon: Pixels) -> None:
    image = screen((20, 10), (80, 90), (160, 40), of=icon)
    image[10:34, 20:52] = cv2.GaussianBlur(icon, (0, 0), 1.2)
    image[40:64, 160:192] = cv2.GaussianBlur(icon, (0, 0), 0.6)
    assert places(match(image, icon)) == [(80, 90), (160, 40), (20, 10)]
    assert places(match(image, icon, max_results=2)) == [(80, 90), (160, 40)]
    assert sorted(scores(match(image, icon)), reverse=True) == scores(match(image, icon))


def test_the_slope_of_a_match_is_no_match_of_its_own() -> None:
    y, x = np.mgrid[:200, :300]
    blob = 50 + 180 * np.exp(-((x - 150) ** 2 + (y - 100) ** 2) / (2 * 30**2))
    image = np.dstack([np.rint(blob).astype(np.uint8)] * 3)
    result = match(image, image[80:121, 130:171], threshold=0.5, max_overlap=0.9)
    assert places(result) == [(130, 80)]


def test_max_overlap_says_how_near_matches_may_be(icon: Pixels) -> None:
    image = screen((20, 10), of=icon)
    image[22:46, 36:68] = icon
    assert len(match(image, icon, threshold=0.6, max_overlap=0.3).matches) == 2
    assert len(match(image, icon, threshold=0.6, max_overlap=0.1).matches) == 1


def test_a_periodic_pattern_is_found_once_a_period() -> None:
    tile = np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8)
    result = match(np.tile(tile, (10, 10, 1)), tile, max_results=1000)
    assert sorted(places(result)) == [(x, y) for x in range(0, 160, 16) for y in range(0, 160, 16)]


def test_a_template_of_the_pictures_size_has_one_place(icon: Pixels) -> None:
    result = match(icon, icon)
    assert [one.box for one in result.matches] == [Box(0, 0, 32, 24)]
    assert np.count_nonzero(result.response.pixels) == 1


@pytest.mark.parametrize(("width", "height"), [(33, 20), (20, 25)])
def test_a_template_larger_than_the_picture_is_refused(
    icon: Pixels, width: int, height: int
) -> None:
    template = np.zeros((height, width, 3), np.uint8)
    with pytest.raises(PictureTooSmall) as refused:
        match(icon, template)
    assert refused.value.message == (
        f"The template is {width} x {height} px, larger than the picture of 32 x 24 px."
    )


def see_through(template: Pixels) -> Pixels:
    """The template, of which only an ellipse is opaque."""
    height, width = template.shape[:2]
    alpha = np.zeros((height, width), np.uint8)
    cv2.ellipse(alpha, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 255, -1)
    return np.dstack([template, alpha])


@pytest.mark.parametrize("method", list(Method))
def test_what_is_transparent_does_not_count_with_use_alpha(
    astronaut: Pixels, method: Method
) -> None:
    template = see_through(astronaut[20:80, 180:250])
    ground = np.random.default_rng(4).integers(0, 256, astronaut.shape, np.uint8)
    is_opaque = template[..., 3:] > 0
    image = ground.copy()
    image[60:120, 40:110] = np.where(is_opaque, template[..., :3], ground[60:120, 40:110])
    result = match(image, template, method=method, use_alpha=True, threshold=1)
    assert places(result) == [(40, 60)]
    assert match(image, template, method="TM_CCOEFF_NORMED").best_score < 0.8


def test_without_use_alpha_a_template_lies_on_white(icon: Pixels) -> None:
    template = see_through(icon)
    on_white = np.where(template[..., 3:] > 0, icon, np.uint8(255))
    assert scores(match(screen((30, 40), of=on_white), template, threshold=1)) == [1]


def test_a_template_that_is_transparent_all_over_is_refused(icon: Pixels) -> None:
    template = np.dstack([icon, np.zeros(icon.shape[:2], np.uint8)])
    with pytest.raises(BadParameter, match="transparent all over"):
        match(icon, template, use_alpha=True)


@pytest.mark.parametrize("scale", [0.6, 0.8, 1.5])
def test_other_sizes_are_found_when_asked_for(astronaut: Pixels, scale: float) -> None:
    cut = astronaut[20:100, 180:260]
    resized = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = np.asarray(resized, np.uint8)
    assert not match(image, cut).matches
    [found] = match(image, cut, min_scale=0.5, max_scale=2, scale_step=1.05).matches
    assert found.scale == pytest.approx(scale, rel=0.03)
    corners = np.array([180, 20, 260, 100]) * scale
    assert np.array(found.box) == pytest.approx(corners, abs=2.5)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_quarter_turn_is_found_exactly(astronaut: Pixels, quarters: int) -> None:
    image = np.ascontiguousarray(np.rot90(astronaut, quarters))
    [found] = match(
        image, astronaut[100:150, 200:280], max_angle=180, angle_step=90, threshold=1
    ).matches
    assert found.angle % 360 == 90 * quarters
    left, top, right, bottom = found.box
    cut = np.rot90(astronaut[100:150, 200:280], quarters)
    assert (image[top:bottom, left:right] == cut).all()


@pytest.mark.parametrize("angle", [-40, 15, 150])
def test_other_angles_are_found_counter_clockwise(astronaut: Pixels, angle: float) -> None:
    height, width = astronaut.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    turn = np.asarray(cv2.getRotationMatrix2D(centre, angle, 1), np.float64)
    image = np.asarray(cv2.warpAffine(astronaut, turn, (width, height)), np.uint8)
    middle = turn @ np.array([225 - 0.5, 125 - 0.5, 1])
    [found] = match(image, astronaut[100:150, 200:250], max_angle=180, angle_step=5).matches
    assert found.angle == angle
    left, top, right, bottom = found.box
    assert ((left + right - 1) / 2, (top + bottom - 1) / 2) == pytest.approx(middle, abs=1.5)


def test_sizes_and_angles_that_do_not_fit_are_left_out(icon: Pixels) -> None:
    result = match(icon, icon, max_scale=4, scale_step=2, max_angle=90, angle_step=90)
    assert result.details.info.templates == 1


def test_a_larger_template_is_looked_for_at_the_sizes_that_fit(icon: Pixels) -> None:
    large = np.asarray(cv2.resize(icon, None, fx=2, fy=2), np.uint8)
    [found] = match(icon, large, min_scale=0.5, scale_step=2).matches
    assert (found.scale, found.box) == (0.5, Box(0, 0, 32, 24))


def test_too_many_sizes_and_angles_are_refused_before_they_are_made(icon: Pixels) -> None:
    with pytest.raises(BadParameter, match=r"^71 sizes at 360 angles are 25560 templates"):
        match(icon, icon, max_scale=2, scale_step=1.01, max_angle=180, angle_step=1)


def test_too_much_to_look_at_is_refused(icon: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MEGAPIXELS", 0)
    image = np.zeros((1000, 1000, 3), np.uint8)
    with pytest.raises(BadParameter, match=r"picture of 1\.0 Mpx are 1 Mpx to look at"):
        match(image, icon)


def test_progress_rises_to_the_whole(icon: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(progress, "report", told.append)
    match(screen(of=icon), icon, max_scale=2, scale_step=1.2)
    assert told == sorted(told)
    assert (len(told), told[-1]) == (5, 1)


@pytest.mark.parametrize("rows", [1, 30, 101])
def test_bands_make_no_difference(
    astronaut: Pixels, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = astronaut[100:130, 200:260]
    whole = match(astronaut, cut).response.pixels
    monkeypatch.setattr("engines.vision.correlation._BAND_PIXELS", rows * astronaut.shape[1])
    banded = match(astronaut, cut).response.pixels
    assert np.abs(banded.astype(int) - whole).max() <= 1


@pytest.mark.parametrize("method", list(Method))
def test_a_large_template_in_strips_scores_the_same(
    astronaut: Pixels, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = astronaut[5:505, 10:500]
    whole = match(astronaut[2:], cut, method=method)
    monkeypatch.setattr("engines.vision.correlation._BAND_PIXELS", 90 * astronaut.shape[1])
    strips = match(astronaut[2:], cut, method=method)
    assert places(strips) == places(whole) == [(10, 3)]
    assert np.abs(strips.response.pixels.astype(int) - whole.response.pixels).max() <= 1


def test_the_heat_is_of_the_pictures_size_and_hottest_at_the_templates_middle(
    icon: Pixels,
) -> None:
    result = match(screen((30, 40), of=icon), icon)
    heat = heatmap(result).pixels
    assert heat.shape == (160, 240, 3)
    assert divmod(int(result.response.pixels.argmax()), 240) == (52, 46)
    assert heat[:12].max() == heat[:, :16].max() == 0 < heat[12, 16].max()
    assert heat[-11:].max() == heat[:, -15:].max() == 0 < heat[-12, -16].max()


def test_the_picture_shows_a_frame_around_each_match(icon: Pixels) -> None:
    image = screen((30, 40), (150, 90), of=icon)
    shown = draw(image, icon, match(image, icon)).pixels
    changed = (shown != image).any(axis=2)
    assert changed[40, 30:62].all()
    assert changed[113, 150:182].all()
    assert not changed[46:58, 36:56].any()


def answer(image: Pixels, template: Pixels) -> list[tuple[int, int]]:
    return places(match(image, template))


@pytest.mark.parametrize("step", [(1, 2), (-1, 1), (2, -1)])
def test_views_are_read_and_left_as_they_are(astronaut: Pixels, step: tuple[int, int]) -> None:
    view = astronaut[:: step[0], :: step[1]]
    before: NDArray[np.uint8] = view.copy()
    cut = view[40:90, 60:120]
    assert answer(view, cut) == answer(before, cut.copy()) == [(60, 40)]
    assert (view == before).all()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("method", "TM_NONE"), ("threshold", "0.05"), ("threshold", "1.1"), ("max_results", "0")),
        *(("max_results", "1001"), ("grayscale", "perhaps"), ("max_angle", "181")),
    ],
)
def test_values_out_of_range_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=name):
        Params.from_text({name: text})


def test_methods_are_found_in_any_case() -> None:
    assert Params.from_text({"method": "tm_sqdiff"}).method is Method.TM_SQDIFF
