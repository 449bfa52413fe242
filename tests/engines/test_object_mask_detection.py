"""Object masks: known objects on known grounds, every parameter, and nothing to be found."""

from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data

from engines.core.errors import BadParameter
from engines.core.shapes import Pixels
from engines.object_mask_detection import (
    CHANNELS,
    Algorithm,
    ColorSpace,
    Params,
    Result,
    object_mask_detection,
)
from tests.engines.drawing import mask_iou

HEIGHT, WIDTH = 240, 320
DISC = np.hypot(*(np.indices((HEIGHT, WIDTH)) - np.array([110, 180]).reshape(2, 1, 1))) < 70


def detect(image: Pixels, **params: Any) -> Result:
    return object_mask_detection(image, params=Params.model_validate(params))


def disc(ground: object, colour: object) -> Pixels:
    levels = np.where(DISC[..., np.newaxis], np.asarray(colour), np.asarray(ground))
    return np.broadcast_to(levels, (HEIGHT, WIDTH, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def cat() -> Pixels:
    """A disc of a cat's photograph on a bluish grey ground."""
    photograph = skimage.data.chelsea()[:HEIGHT, :WIDTH, ::-1]  # type: ignore[no-untyped-call]
    return disc((200, 190, 180), photograph)


@pytest.mark.parametrize("colours", ["white", "black", "black and white"])
def test_what_is_cut_out_of_a_transparent_ground_is_the_object(colours: str) -> None:
    half = np.arange(WIDTH)[:, np.newaxis] < 180
    level = {"white": 255, "black": 0, "black and white": np.where(half, 0, 255)}[colours]
    result = detect(np.dstack([disc(0, level), 255 * DISC.astype(np.uint8)]))
    assert np.array_equal(result.mask.pixels, DISC)
    assert result.details.info.channel == "alpha"


def test_what_alpha_shows_is_no_shadow() -> None:
    grey = np.full((300, 400, 3), 105, np.uint8)
    cv2.circle(grey, (200, 150), 70, (20, 20, 20), -1)
    alpha = cv2.circle(np.zeros((300, 400), np.uint8), (200, 150), 80, 255, -1)
    soft = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 8), np.uint8)
    result = detect(np.dstack([grey, soft]))
    assert np.array_equal(result.mask.pixels, soft > 127)


@pytest.mark.parametrize(
    "params", [{"algorithm": "sobel"}, {"algorithm": "histogram"}, {"channel": "V"}]
)
def test_a_white_object_is_found_otherwise_than_by_alpha(params: dict[str, Any]) -> None:
    result = detect(np.dstack([disc(0, 255), 255 * DISC.astype(np.uint8)]), **params)
    assert mask_iou(result.mask.pixels, DISC) > 0.9
    assert result.details.info.channel != "alpha"


def test_the_defaults_choose_a_channel_of_hsv_and_the_biggest_object() -> None:
    assert Params() == Params(
        algorithm=Algorithm.OTSU,
        color_space=ColorSpace.HSV,
        channel=None,
        only_biggest=True,
    )


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("ground", ["plain", "sloping", "textured"])
def test_a_photographed_object_is_found(cat: Pixels, algorithm: Algorithm, ground: str) -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    change = {"plain": 0 * x, "sloping": x // 8 - y // 8, "textured": 4 * np.sin(x) * np.sin(y)}
    levels = cat + np.where(DISC, 0, change[ground])[..., np.newaxis]
    result = detect(levels.astype(np.uint8), algorithm=algorithm)
    assert mask_iou(result.mask.pixels, DISC) > 0.9


@pytest.mark.parametrize(
    ("colour", "channel"), [((255, 0, 0), "S"), ((0, 0, 0), "V"), ((90, 90, 90), "V")]
)
def test_the_channel_that_shows_the_object_is_chosen_and_named(
    colour: tuple[int, int, int], channel: str
) -> None:
    result = detect(disc(255, colour))
    assert result.details.message == f"Found an object in channel {channel}"
    assert result.details.info.channel == channel
    assert mask_iou(result.mask.pixels, DISC) > 0.98


@pytest.mark.parametrize(
    ("told", "unused"),
    [
        ({"algorithm": Algorithm.SOBEL, "channel": "S"}, ["channel"]),
        ({"algorithm": Algorithm.HISTOGRAM, "channel": "S"}, ["channel"]),
        ({"algorithm": Algorithm.OTSU, "channel": "S"}, []),
        ({"algorithm": Algorithm.SOBEL}, []),
    ],
)
def test_a_channel_that_the_algorithm_does_not_look_at_is_told(
    told: dict[str, Any], unused: list[str]
) -> None:
    assert detect(disc(255, (200, 60, 30)), **told).details.info.unused == unused


@pytest.mark.parametrize("space", list(ColorSpace))
def test_every_channel_of_every_space_can_be_named(space: ColorSpace) -> None:
    ground, colour = (40, 120, 230), (200, 60, 30)
    for name in CHANNELS[space]:
        result = detect(disc(ground, colour), color_space=space, channel=name)
        assert result.details.info.channel == name
        assert mask_iou(result.mask.pixels, DISC) > 0.95, name


@pytest.mark.parametrize("space", list(ColorSpace))
def test_in_every_space_a_channel_but_hue_is_chosen(space: ColorSpace) -> None:
    channel = detect(disc((40, 120, 230), (200, 60, 30)), color_space=space).details.info.channel
    assert channel in CHANNELS[space]
    assert channel != "H"


def test_reds_on_both_sides_of_the_hues_gap_are_one_ground() -> None:
    hsv = np.full((HEIGHT, WIDTH, 3), (0, 200, 200), np.uint8)
    hsv[::2, ::2, 0] = 179
    hsv[DISC] = (30, 200, 200)
    image = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)
    assert mask_iou(detect(image, channel="H").mask.pixels, DISC) > 0.95


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("algorithm", "Sobel", Algorithm.SOBEL),
        ("color_space", "ycrcb", ColorSpace.YCRCB),
        ("color_space", "LAB", ColorSpace.LAB),
        ("channel", "v", "V"),
        ("channel", "", None),
        ("only_biggest", "False", False),
    ],
)
def test_words_are_taken_in_any_case(field: str, text: str, expected: object) -> None:
    assert getattr(Params.from_text({field: text}), field) == expected


@pytest.mark.parametrize(
    ("field", "text"),
    [("algorithm", "CANNY"), ("color_space", "CMYK"), ("channel", "R"), ("channel", "SV"),
     ("only_biggest", "yes")],
)  # fmt: skip
def test_unknown_values_are_refused(field: str, text: str) -> None:
    with pytest.raises(BadParameter, match=field):
        Params.from_text({field: text})


def test_a_channel_of_another_space_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadParameter, match="one of L, a, b, the channels of color_space"):
        Params.from_text({"color_space": "LAB", "channel": "S"})


def test_a_channel_is_one_of_the_space_that_is_named_with_it() -> None:
    assert Params.from_text({"channel": "cb", "color_space": "YCrCb"}).channel == "Cb"


def two_squares() -> Pixels:
    image = np.full((HEIGHT, WIDTH, 3), 230, np.uint8)
    image[40:140, 40:140], image[150:200, 220:270] = 20, 20
    return image


def test_the_biggest_object_is_kept_alone_or_with_the_others() -> None:
    image = two_squares()
    alone, both = detect(image), detect(image, only_biggest=False)
    assert alone.mask.pixels.sum() == pytest.approx(100 * 100, rel=0.02)
    assert both.mask.pixels.sum() == pytest.approx(100 * 100 + 50 * 50, rel=0.02)


@pytest.mark.parametrize(("gap", "is_closed"), [(5, True), (15, False)])
def test_a_gap_of_a_few_percent_parts_no_object(gap: int, is_closed: bool) -> None:
    image = np.full((HEIGHT, WIDTH, 3), 230, np.uint8)
    image[60:160, 60:160], image[60:160, 160 + gap : 240] = 20, 20
    mask = detect(image).mask.pixels
    assert mask[62:158, 62:158].all()
    assert mask[62:158, 160 + gap + 2 : 238].any() == is_closed


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("is_wide", [True, False])
def test_a_bar_is_found_level_and_plumb(algorithm: Algorithm, is_wide: bool) -> None:
    bar = np.zeros((HEIGHT, WIDTH), np.bool_)
    bar[(slice(110, 130), slice(40, 280)) if is_wide else (slice(30, 210), slice(150, 170))] = True
    image = np.where(bar[..., np.newaxis], 20, np.full((1, 1, 3), 230)).astype(np.uint8)
    assert mask_iou(detect(image, algorithm=algorithm).mask.pixels, bar) > 0.6


OVER_THE_BORDER = {
    "a corner": (slice(0, 90), slice(0, 120)),
    "one side": (slice(150, HEIGHT), slice(90, 210)),
    "two opposite sides": (slice(0, HEIGHT), slice(140, 180)),
}


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("place", list(OVER_THE_BORDER))
def test_an_object_that_reaches_over_the_border_is_found(place: str, algorithm: Algorithm) -> None:
    truth = np.zeros((HEIGHT, WIDTH), np.bool_)
    truth[OVER_THE_BORDER[place]] = True
    image = np.where(truth[..., np.newaxis], (60, 30, 120), (200, 190, 180)).astype(np.uint8)
    assert mask_iou(detect(image, algorithm=algorithm).mask.pixels, truth) > 0.9


@pytest.mark.parametrize("steps", [2, 6])
def test_the_colours_of_a_slope_are_its_ground(steps: int) -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    slope = 20 + steps * 32 * (x / WIDTH + y / HEIGHT) / 2
    image = np.where(DISC[..., np.newaxis], (0, 0, 255), slope[..., np.newaxis]).astype(np.uint8)
    assert mask_iou(detect(image, algorithm="histogram").mask.pixels, DISC) > 0.9


def test_of_two_halves_that_an_edge_parts_neither_is_the_object() -> None:
    image = np.full((HEIGHT, WIDTH, 3), 230, np.uint8)
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    image[y > 60 + x // 3] = 90
    assert detect(image, algorithm="sobel").mask.pixels.mean() < 0.1


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_colour_is_rare_if_one_of_its_channels_is(channel: int) -> None:
    colour = np.full(3, 100)
    colour[channel] = 180
    found = detect(disc(100, colour), algorithm="histogram").mask.pixels
    assert mask_iou(found, DISC) > 0.9


@pytest.mark.parametrize(("channel", "is_seen"), [("R", True), ("G", False), ("B", False)])
def test_what_is_redder_is_seen_in_red_alone(channel: str, is_seen: bool) -> None:
    result = detect(disc((100, 100, 100), (100, 100, 180)), color_space="RGB", channel=channel)
    assert result.mask.pixels.any() == is_seen


@pytest.mark.parametrize("is_inside", [True, False])
def test_a_quiet_channel_is_chosen_before_a_noisy_one_that_differs_more(is_inside: bool) -> None:
    noise = np.random.default_rng(2026).normal(0, 25, (HEIGHT, WIDTH))
    image = disc((100, 100, 100), (100, 140, 160)).astype(float)
    image[..., 2] += noise * (DISC if is_inside else ~DISC)
    result = detect(np.clip(image, 0, 255).astype(np.uint8), color_space="RGB")
    assert result.details.info.channel == "G"


def test_an_objects_hole_is_object() -> None:
    image = two_squares()
    image[70:110, 70:110] = 230
    assert detect(image).mask.pixels[40:140, 40:140].mean() > 0.98


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_has_no_object(algorithm: Algorithm, level: int) -> None:
    result = detect(np.full((HEIGHT, WIDTH, 3), level, np.uint8), algorithm=algorithm)
    assert result.details.message == "No object found"
    assert result.details.info.channel == ""
    assert result.mask.pixels.shape == (HEIGHT, WIDTH)
    assert not result.mask.pixels.any()


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_noise_is_no_object(algorithm: Algorithm) -> None:
    noise = np.random.default_rng(4).normal(128, 10, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    assert detect(noise, algorithm=algorithm).details.message == "No object found"


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 20_000), (20_000, 1)])
def test_odd_sizes_have_a_mask_of_their_size(shape: tuple[int, int], algorithm: Algorithm) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert detect(image, algorithm=algorithm).mask.pixels.shape == shape


def test_the_png_has_one_bit_a_pixel(cat: Pixels) -> None:
    result = detect(cat)
    assert result.mask.pixels.dtype == np.bool_
    assert result.mask.encoded()[24:26] == b"\x01\x00"


def test_a_view_of_a_picture_is_left_as_it_is(cat: Pixels) -> None:
    view = cat[::-1, ::2]
    before = view.copy()
    ours = detect(view).mask.pixels
    assert (ours == detect(before).mask.pixels).all()
    assert (view == before).all()


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("frame_px", [1, 2, 8])
def test_a_frame_is_ground(algorithm: Algorithm, frame_px: int) -> None:
    image, truth = np.full((300, 400, 3), 255, np.uint8), np.zeros((300, 400), np.uint8)
    cv2.circle(image, (200, 150), 80, (90, 90, 90), -1)
    cv2.circle(truth, (200, 150), 80, 1, -1)
    cv2.rectangle(image, (0, 0), (399, 299), (0, 0, 0), 2 * frame_px - 1)
    assert mask_iou(detect(image, algorithm=algorithm).mask.pixels, truth > 0) > 0.9


def test_a_soft_shadow_is_ground() -> None:
    truth, light = np.zeros((300, 400), np.uint8), np.ones((300, 400))
    cv2.circle(light, (220, 165), 80, 0.6, -1)
    cv2.circle(truth, (200, 150), 80, 1, -1)
    image = np.rint(cv2.GaussianBlur(light, (0, 0), 10)[..., np.newaxis] * (235, 235, 235))
    image[truth > 0] = (40, 160, 60)
    assert mask_iou(detect(image.astype(np.uint8)).mask.pixels, truth > 0) > 0.95


@pytest.mark.parametrize(("params", "channel"), [({}, "RGB"), ({"channel": "S"}, "S")])
def test_in_a_photograph_what_stands_out_is_taken_unless_a_channel_is_asked_for(
    params: dict[str, Any], channel: str
) -> None:
    cup = skimage.data.coffee()[..., ::-1]  # type: ignore[no-untyped-call]
    result = detect(cup, **params)
    assert result.details.info.channel == channel
    saucer = cv2.ellipse(
        np.zeros(cup.shape[:2], np.uint8), (277, 222), (201, 163), 0, 0, 360, 1, -1
    )
    assert (mask_iou(result.mask.pixels, saucer > 0) > 0.8) == (channel == "RGB")


@pytest.mark.parametrize("shape", [(40, 60), (30, 2000), (1, 1)])
def test_a_picture_too_small_or_narrow_for_things_is_looked_at_by_its_channels(
    shape: tuple[int, int],
) -> None:
    noise = np.random.default_rng(2026).integers(0, 256, (*shape, 3)).astype(np.uint8)
    result = detect(noise)
    assert result.details.info.channel in ("S", "V", "")
    assert result.mask.pixels.shape == shape
