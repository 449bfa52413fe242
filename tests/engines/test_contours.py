"""Contours: number, order and places of drawn shapes."""

import cv2
import numpy as np
import pytest
import skimage.data

from engines.contours import Channel, Contour, Params, Result, contours, draw
from engines.core.errors import BadParameter
from engines.core.shapes import Box, Pixels
from tests.engines.drawing import on_transparent, written

WHITE = (255, 255, 255)


def find(image: Pixels, channel: Channel = Channel.V) -> Result:
    return contours(image, params=Params(channel=channel))


def canvas(colour: tuple[int, int, int] = WHITE) -> Pixels:
    return np.full((240, 320, 3), colour, np.uint8)


@pytest.fixture
def shapes() -> Pixels:
    """Three shapes: a triangle of 5000 px, a disc of about 2800 px, a square of 900 px."""
    image = canvas()
    cv2.fillPoly(image, [np.array([[30, 200], [130, 200], [80, 100]])], (0, 0, 200))
    cv2.circle(image, (220, 80), 30, (30, 120, 30), -1)
    image[150:180, 240:270] = (90, 40, 10)
    return image


def filled(contour: Contour, shape: tuple[int, ...]) -> Pixels:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.array(contour.outline, np.int32)], 1)
    return mask


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("level", [0, 255])
def test_print_on_a_transparent_ground_is_outlined_as_black_on_white(
    channel: Channel, level: int
) -> None:
    page = written("Ring 7", letter_px=60)
    expected = [one.box for one in find(page).contours]
    found = [one.box for one in find(on_transparent(page, level), channel).contours]
    assert len(found) == len(expected) == 6
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=2)


def test_outlines_of_a_white_logo_are_drawn_on_a_ground_that_shows_it() -> None:
    image = on_transparent(written("Ring 7", letter_px=60), 255)
    drawn = draw(image, find(image)).pixels
    assert drawn.shape == (200, 460, 3)
    assert drawn[0, 0].tolist() == [0, 0, 0]


DISCS = [(0, 0, 255), (0, 128, 0), (203, 192, 255), (0, 0, 0), (255, 255, 0), (128, 0, 128)]


def discs(ground: tuple[int, int, int]) -> tuple[Pixels, list[Box]]:
    """Discs of several colours, most of which have their ground's value, and their boxes."""
    image = canvas(ground)
    centres = [(x, y) for x in (60, 160, 260) for y in (70, 170)]
    inks = [ink for ink in DISCS if ink != ground]
    for centre, ink in zip(centres, inks, strict=False):
        cv2.circle(image, centre, 30, ink, -1)
    return image, [Box(x - 30, y - 30, x + 31, y + 31) for x, y in centres[: len(inks)]]


@pytest.mark.parametrize("ground", [WHITE, (0, 0, 0), (200, 220, 230)])
@pytest.mark.parametrize("quality", [None, 95, 75])
def test_by_default_shapes_of_any_colour_are_found_on_a_plain_ground(
    ground: tuple[int, int, int], quality: int | None
) -> None:
    image, boxes = discs(ground)
    if quality:
        _, file = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)
    found = [one.box for one in contours(image, params=Params()).contours]
    assert len(found) == len(boxes)
    for box in boxes:
        assert min(np.abs(np.subtract(one, box)).max() for one in found) <= 3


def test_by_default_noise_in_colour_is_no_object() -> None:
    noise = np.random.default_rng(7).normal(0, 12, (240, 320, 3))
    image = np.clip(canvas((150, 170, 160)) + noise, 0, 255).astype(np.uint8)
    assert contours(image, params=Params()).contours == []


def test_by_default_value_is_looked_at_where_no_ground_is_plain() -> None:
    coffee = np.ascontiguousarray(skimage.data.coffee()[..., ::-1])  # type: ignore[no-untyped-call]
    assert contours(coffee, params=Params()) == find(coffee, Channel.V)


@pytest.mark.parametrize("text", ["S", "s", "V", "v"])
def test_either_channel_is_taken_in_any_case(text: str) -> None:
    assert Params.from_text({"channel": text}).channel == text.upper()


@pytest.mark.parametrize("text", ["H", "SV", ""])
def test_other_channels_are_refused(text: str) -> None:
    with pytest.raises(BadParameter, match="'S' or 'V'"):
        Params.from_text({"channel": text})


def test_every_shape_is_found_biggest_first(shapes: Pixels) -> None:
    result = find(shapes)
    assert result.details.message == "Found 3 contours"
    widths = [one.box.right - one.box.left for one in result.contours]
    assert widths == pytest.approx([101, 61, 30], abs=2)


def test_of_too_many_shapes_the_biggest_are_kept(
    shapes: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_one = find(shapes).contours
    monkeypatch.setattr("engines.contours.MOST_CONTOURS", 2)
    result = find(shapes)
    assert result.contours == every_one[:2]
    assert result.details.message == "Found 2 contours"


def test_a_squares_box_and_outline_are_its_pixels() -> None:
    image = canvas()
    image[60:100, 50:120] = 0
    (contour,) = find(image).contours
    assert contour.box == Box(50, 60, 120, 100)
    assert np.count_nonzero(filled(contour, image.shape)) == pytest.approx(70 * 40, abs=4)


def test_the_outlines_hold_the_shapes_pixels(shapes: Pixels) -> None:
    found = sum(filled(one, shapes.shape) for one in find(shapes).contours)
    drawn = shapes.min(axis=2) < 255
    assert (found & drawn).sum() / (found | drawn).sum() > 0.98


def test_an_outline_touches_every_side_of_its_box(shapes: Pixels) -> None:
    for contour in find(shapes).contours:
        x, y = np.array(contour.outline).T
        assert contour.box == Box(x.min(), y.min(), x.max() + 1, y.max() + 1)


def test_pure_red_on_white_is_seen_in_saturation_alone() -> None:
    image = canvas()
    image[50:100, 50:100] = (0, 0, 255)
    assert len(find(image, Channel.V).contours) == 0
    assert len(find(image, Channel.S).contours) == 1


def test_what_lies_in_a_hole_belongs_to_the_outline_around_it() -> None:
    image = canvas()
    cv2.circle(image, (160, 120), 80, (0, 0, 0), 10)
    image[110:130, 150:170] = 0
    assert len(find(image).contours) == 1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_has_none(level: int) -> None:
    result = find(canvas((level, level, level)))
    assert result.contours == []
    assert result.details.message == "Found 0 contours"


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 20_000), (20_000, 1)])
def test_odd_sizes_without_an_object_have_none(shape: tuple[int, int]) -> None:
    assert find(np.full((*shape, 3), 40, np.uint8)).contours == []


def test_grey_pictures_have_no_saturation_to_find_anything_in() -> None:
    coins = np.dstack([skimage.data.coins()] * 3)  # type: ignore[no-untyped-call]
    assert find(coins, Channel.S).contours == []
    assert len(find(coins, Channel.V).contours) > 20


def test_the_outlines_are_drawn_over_the_picture(shapes: Pixels) -> None:
    before = shapes.copy()
    drawn = draw(shapes, find(shapes)).pixels
    assert (shapes == before).all()
    assert drawn[200, 80].tolist() == pytest.approx([40, 40, 230], abs=40)
    assert drawn[10, 10].tolist() == [255, 255, 255]
    assert (drawn == (62, 142, 30)).all(axis=2).any()


def test_a_view_of_a_picture_has_its_copys_contours(shapes: Pixels) -> None:
    view = shapes[::-1, ::2]
    assert find(view).contours == find(view.copy()).contours


@pytest.mark.parametrize("frame_px", [1, 2, 8])
def test_a_frame_does_not_hide_what_is_in_it(frame_px: int) -> None:
    image = np.full((300, 400, 3), 255, np.uint8)
    cv2.circle(image, (200, 150), 80, (90, 90, 90), -1)
    cv2.rectangle(image, (0, 0), (399, 299), (0, 0, 0), 2 * frame_px - 1)
    found = contours(image, params=Params()).contours
    assert len(found) == 1
    assert np.abs(np.subtract(found[0].box, (120, 70, 281, 231))).max() <= 1


def test_an_outline_in_a_large_picture_is_where_the_object_is() -> None:
    large = np.full((2400, 3200, 3), 220, np.uint8)
    cv2.ellipse(large, (1500, 1100), (700, 400), 20, 0, 360, (40, 40, 40), cv2.FILLED)
    (found,) = contours(large, params=Params()).contours
    filled = cv2.fillPoly(np.zeros(large.shape[:2], np.uint8), [np.array(found.outline)], 1)
    is_object = large[..., 0] < 100
    assert np.mean((filled > 0) != is_object) < 0.002 * is_object.mean()
