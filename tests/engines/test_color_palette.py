"""Colour palette: the colours and shares of drawn posters, and the rules of the list."""

import cv2
import numpy as np
import pytest
from skimage import color
from skimage.color import rgb2lab

from engines.color_palette import Color, Params, color_palette
from engines.core.errors import BadParameter
from engines.core.shapes import Pixels

INKS = ((230, 40, 50), (250, 220, 60), (30, 60, 160), (240, 240, 235), (20, 20, 25), (60, 160, 90))
SHARES = (25, 20, 20, 15, 12, 8)


@pytest.fixture
def poster() -> Pixels:
    """Bars of six inks whose widths are their shares; BGR, 800 × 600."""
    widths = np.array(SHARES) * 8
    row = np.repeat(np.array(INKS, np.uint8)[:, ::-1], widths, axis=0)
    return np.tile(row, (600, 1, 1))


def colors(image: Pixels, count: int = 8) -> list[list[int]]:
    return [list(one) for one in color_palette(image, params=Params(count=count)).colors]


def jpeg(image: Pixels, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def written_on(image: Pixels, ink: tuple[int, int, int]) -> Pixels:
    """With anti-aliased text."""
    written = image.copy()
    for y in (150, 300, 450):
        place, font = (40, y), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(written, "Sample 0123", place, font, 2, ink[::-1], 5, cv2.LINE_AA)
    return written


def assert_inks(
    found: list[list[int]], inks: tuple[tuple[int, int, int], ...], within: float = 2
) -> None:
    """Each ink is there within so many ΔE2000, and nothing else is."""
    ours = rgb2lab(np.array(found)[:, np.newaxis, :3] / 255)
    distances = color.deltaE_ciede2000(  # type: ignore[no-untyped-call]
        ours, rgb2lab(np.array(inks)[np.newaxis] / 255)
    )
    assert distances.min(axis=0).max() <= within
    assert len(found) == len(inks)


def test_a_poster_gives_its_inks_and_shares_exactly(poster: Pixels) -> None:
    expected = [[*ink, share] for ink, share in zip(INKS, SHARES, strict=True)]
    assert colors(poster) == sorted(expected, key=lambda row: (-row[3], row))


def test_blurred_edges_and_text_make_no_colours(poster: Pixels) -> None:
    image = cv2.GaussianBlur(written_on(poster, INKS[4]), (0, 0), 0.7)
    assert_inks(colors(np.asarray(image, np.uint8)), INKS)


def test_jpeg_makes_no_colours(poster: Pixels) -> None:
    found = colors(jpeg(written_on(poster, INKS[4]), 75))
    assert_inks(found, INKS)


def test_jpeg_moves_no_share_by_more_than_a_point(poster: Pixels) -> None:
    found = colors(jpeg(poster, 75))
    shares = sorted((row[3] for row in found), reverse=True)
    assert np.abs(np.array(shares) - SHARES).max() <= 1


def test_an_ink_of_three_percent_is_found() -> None:
    image = np.full((400, 600, 3), (200, 180, 40), np.uint8)
    image[:120, :60] = (30, 30, 220)
    assert colors(image) == [[40, 180, 200, 97], [220, 30, 30, 3]]


def test_six_flat_greys_are_six() -> None:
    greys = [(249, 249, 249), (236, 236, 236), (226, 226, 226), (212, 212, 212), (181, 181, 181)]
    image = np.repeat(np.array([*greys, (117, 117, 117)], np.uint8), 100, axis=0)
    found = colors(np.tile(image, (100, 1, 1)), 6)
    assert sorted(row[0] for row in found) == [117, 181, 212, 226, 236, 249]
    assert {row[3] for row in found} == {16, 17}


@pytest.mark.parametrize("quality", [None, 80])
@pytest.mark.parametrize("paper", [(255, 255, 255), (238, 232, 220), (24, 26, 30)])
def test_paper_and_ink_of_a_page_are_two_colours(
    paper: tuple[int, int, int], quality: int | None
) -> None:
    ink = (0, 0, 0) if paper[0] > 127 else (245, 245, 245)
    image = np.full((480, 640, 3), paper[::-1], np.uint8)
    for y in range(30, 470, 24):
        place, font = (20, y), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(image, "the captain studied a chart", place, font, 0.6, ink, 2, cv2.LINE_AA)
    assert_inks(colors(jpeg(image, quality) if quality else image), (paper, ink))


@pytest.mark.parametrize("quality", [80, 90])
@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((28, 38, 40), (0, 0, 0)),
        ((8, 15, 32), (163, 222, 12)),
        ((255, 255, 255), (242, 203, 214)),
        ((244, 230, 236), (185, 42, 178)),
    ],
)
def test_a_faint_or_gaudy_ink_is_one_colour_after_jpeg(
    paper: tuple[int, int, int], ink: tuple[int, int, int], quality: int
) -> None:
    image = written_on(np.full((480, 640, 3), paper[::-1], np.uint8), ink)
    assert_inks(colors(jpeg(image, quality)), (paper, ink), within=10)


@pytest.mark.parametrize(("quality", "within"), [(None, 5), (85, 20)])
def test_an_ink_between_the_paper_and_a_headline_is_a_colour(
    quality: int | None, within: float
) -> None:
    inks = ((231, 251, 254), (60, 136, 162), (151, 187, 220))
    image = np.full((700, 640, 3), inks[0][::-1], np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(image, "Headline", (20, 60), font, 1.8, inks[1][::-1], 5, cv2.LINE_AA)
    for y in range(220, 690, 30):
        place, text = (20, y), "the captain studied a chart"
        cv2.putText(image, text, place, font, 0.7, inks[2][::-1], 2, cv2.LINE_AA)
    assert_inks(colors(jpeg(image, quality) if quality else image), inks, within)


@pytest.mark.parametrize(("quality", "within"), [(None, 2), (80, 20)])
def test_thin_lines_of_a_chart_are_colours(quality: int | None, within: float) -> None:
    inks = ((255, 255, 255), (31, 119, 180), (255, 127, 14), (44, 160, 44), (90, 90, 90))
    image = np.full((480, 640, 3), 255, np.uint8)
    x = np.arange(20, 621, 40)
    for number, ink in enumerate(inks[1:]):
        y = 80 + 90 * number + 25 * np.sin(x / 60 + number)
        points = np.rint(np.column_stack([x, y])).astype(np.int32)
        cv2.polylines(image, [points], False, ink[::-1], 2, cv2.LINE_AA)
    assert_inks(colors(jpeg(image, quality) if quality else image), inks, within)


def test_the_small_accent_of_a_logo_is_a_colour(poster: Pixels) -> None:
    cv2.circle(poster, (80, 300), 16, (255, 0, 255), -1, cv2.LINE_AA)
    found = colors(poster)
    assert_inks(found, (*INKS, (255, 0, 255)))
    assert found[-1] == [255, 0, 255, 1]


def test_a_thin_stroke_of_a_colour_between_two_others_is_one() -> None:
    image = np.full((400, 600, 3), 255, np.uint8)
    image[:, :60] = 0
    cv2.line(image, (200, 50), (550, 350), (128, 128, 128), 3, cv2.LINE_AA)
    assert_inks(colors(image), ((255, 255, 255), (0, 0, 0), (128, 128, 128)))


def test_a_picture_of_one_colour_has_one() -> None:
    result = color_palette(np.full((3, 5, 3), (3, 2, 1), np.uint8), params=Params())
    assert result.colors == [Color(1, 2, 3, percent=100)]
    assert result.details.message == "Found 1 colors"


def test_one_pixel_is_enough() -> None:
    assert colors(np.full((1, 1, 3), 7, np.uint8), 32) == [[7, 7, 7, 100]]


def test_equally_frequent_colours_stand_in_the_order_of_red_green_blue() -> None:
    image = np.zeros((30, 40, 3), np.uint8)
    image[:, 10:20, 2], image[:, 20:30, 1], image[:, 30:, 0] = 200, 200, 200
    expected = [[0, 0, 0, 25], [0, 0, 200, 25], [0, 200, 0, 25], [200, 0, 0, 25]]
    assert colors(image) == expected


@pytest.mark.parametrize("count", [1, 2, 5, 8, 16, 32])
def test_a_photograph_gives_at_most_count_colours_that_add_up(
    photograph: Pixels, count: int
) -> None:
    found = np.array(colors(photograph, count))
    assert len(found) <= count
    assert len(found) >= min(count, 8) * 3 // 4
    assert found[:, 3].sum() == 100
    assert found[:, 3].min() >= 1
    assert (np.diff(found[:, 3]) <= 0).all()


def test_more_colours_leave_less_distance(photograph: Pixels) -> None:
    losses = [loss(photograph, colors(photograph, count)) for count in (1, 2, 4, 8, 16)]
    assert losses == sorted(losses, reverse=True)


def loss(image: Pixels, found: list[list[int]]) -> float:
    lab = rgb2lab(image[::4, ::4, ::-1].reshape(-1, 3) / 255)
    palette = rgb2lab(np.array(found)[:, :3] / 255)
    return float(np.linalg.norm(lab[:, None] - palette, axis=2).min(axis=1).mean())


def test_the_same_picture_gives_the_same_palette(coffee: Pixels) -> None:
    coffee.flags.writeable = False
    assert colors(coffee) == colors(np.asfortranarray(coffee))


def test_a_mirrored_picture_has_as_good_a_palette(photograph: Pixels) -> None:
    mirrored = np.ascontiguousarray(photograph[::-1, ::-1])
    ours, theirs = loss(photograph, colors(photograph)), loss(photograph, colors(mirrored))
    assert abs(ours - theirs) < 0.03 * ours


def test_fine_stripes_are_counted_right() -> None:
    image = np.full((1200, 1600, 3), 255, np.uint8)
    image[:, ::4] = (160, 40, 20)
    assert colors(image) == [[255, 255, 255, 75], [20, 40, 160, 25]]


def test_small_wide_things_on_a_flat_ground_keep_their_colours(coffee: Pixels) -> None:
    image = np.full((1200, 1200, 3), 255, np.uint8)
    image[400:720, 400:720] = coffee[40:360, 140:460]
    assert len(colors(image)) >= 5


@pytest.mark.parametrize("count", ["0", "33", "8.0", "eight", ""])
def test_counts_out_of_range_are_refused(count: str) -> None:
    with pytest.raises(BadParameter, match="count is"):
        Params.from_text({"count": count})
