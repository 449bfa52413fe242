"""Differences: what changed is found on both pictures, and nothing else; the reply's form."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from cv2.typing import MatLike

from engines.core.errors import BadParameter, NotAlignable
from engines.core.registry import catalogue
from engines.core.shapes import Box, Pixels
from engines.differences import MaskType, Params, Result, differences
from engines.vision.boxes import corners, iou
from engines.vision.marking import RED
from tests.engines.drawing import encoded_again

PATCH = Box(180, 120, 230, 160)
ROUGH = {"smoothing": 0.6, "rim": 0.02}


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[:400, :, ::-1])  # type: ignore[no-untyped-call]


def compare(first: MatLike, second: MatLike, **told: Any) -> Result:
    pictures = np.asarray(first, np.uint8), np.asarray(second, np.uint8)
    return differences(*pictures, params=Params.model_validate(told))


def patched(
    image: Pixels, box: Box = PATCH, colour: tuple[int, int, int] = (40, 200, 60)
) -> Pixels:
    changed = image.copy()
    changed[box.top : box.bottom, box.left : box.right] = colour
    return changed


def seen_from_elsewhere(image: Pixels) -> tuple[Pixels, Any]:
    matrix = cv2.getRotationMatrix2D((256, 200), 7, 1.1)
    warped = cv2.warpAffine(image, matrix, (512, 400), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8), matrix


def test_a_picture_and_itself_do_not_differ(photograph: Pixels) -> None:
    result = compare(photograph, photograph.copy())
    assert result.on_image1 == result.on_image2 == []
    assert result.differing_percent == 0
    assert result.details.info.count == 0


@pytest.mark.parametrize("told", [{}, {"resolution": 900}, ROUGH, {**ROUGH, "smallest": 0.04}])
def test_a_new_part_is_found_where_it_is(photograph: Pixels, told: dict[str, float]) -> None:
    result = compare(photograph, patched(photograph), **told)
    assert result.details.info.count == 1
    assert iou(result.on_image1[0].box, PATCH) > 0.7
    assert iou(result.on_image2[0].box, PATCH) > 0.7


def test_both_ways_round_find_the_same(photograph: Pixels) -> None:
    there = compare(photograph, patched(photograph)).on_image1
    back = compare(patched(photograph), photograph).on_image2
    assert iou(there[0].box, back[0].box) > 0.9


def test_a_new_part_is_found_from_elsewhere_on_both_pictures(photograph: Pixels) -> None:
    second, matrix = seen_from_elsewhere(patched(photograph))
    result = compare(photograph, second, **ROUGH)
    outline = cv2.transform(corners(*PATCH)[np.newaxis], matrix).astype(np.float32)
    x, y, width, height = cv2.boundingRect(outline)
    assert len(result.on_image1) == len(result.on_image2) == 1
    assert iou(result.on_image1[0].box, PATCH) > 0.6
    assert iou(result.on_image2[0].box, Box(x, y, x + width, y + height)) > 0.6


def test_a_moved_part_is_found_at_both_places(photograph: Pixels) -> None:
    other = Box(400, 300, 450, 340)
    result = compare(patched(photograph), patched(photograph, other))
    found = [one.box for one in result.on_image1]
    assert len(found) == 2
    assert all(max(iou(box, one) for one in found) > 0.6 for box in (PATCH, other))


def darker(image: Pixels) -> MatLike:
    return (image * 0.7).astype(np.uint8)


def warmer(image: Pixels) -> MatLike:
    return np.asarray(np.clip(image * (0.9, 1.0, 1.1), 0, 255), np.uint8)


def saved(image: Pixels) -> MatLike:
    return encoded_again(image, quality=50)


def noisy(image: Pixels) -> MatLike:
    noise = np.random.default_rng(2026).normal(0, 6, image.shape)
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)


def shifted(image: Pixels) -> MatLike:
    return np.concatenate([image[:, :1], image[:, :-1]], axis=1)


def elsewhere(image: Pixels) -> MatLike:
    return seen_from_elsewhere(image)[0]


def smaller(image: Pixels) -> MatLike:
    return cv2.resize(image, (300, 234), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("change", [darker, warmer, saved, noisy, shifted, elsewhere, smaller])
def test_light_noise_and_viewpoint_are_no_differences(
    photograph: Pixels, change: Callable[[Pixels], MatLike]
) -> None:
    assert compare(photograph, change(photograph), **ROUGH).on_image1 == []


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("told", [{"resolution": 900}, {"smoothing": 0.6}])
def test_a_new_part_of_a_scene_with_depth_is_found(told: dict[str, float], side: int) -> None:
    left, right, _ = skimage.data.stereo_motorcycle()  # type: ignore[no-untyped-call]
    pair = [np.ascontiguousarray(one[..., ::-1]) for one in (left, right)]
    pair[side] = patched(pair[side])
    first, second = pair
    result = compare(first, second, tolerance=3, rim=0.02, **told)
    found = [one.box for one in (result.on_image1, result.on_image2)[side]]
    assert max(iou(box, PATCH) for box in found) > 0.6
    assert len(found) <= 3


def squares(sides: Sequence[int], pitch: int = 60) -> Pixels:
    """Dark squares on a light page of 600 × 600, row after row."""
    page = np.full((600, 600, 3), 230, np.uint8)
    for place, side in enumerate(sides):
        x, y = (5 + pitch * index for index in (place % (600 // pitch), place // (600 // pitch)))
        page[y : y + side, x : x + side] = 20
    return page


def sides_found(result: Result) -> list[int]:
    return [one.box.right - one.box.left for one in result.on_image1]


def test_differences_come_largest_first_in_the_same_order_on_both() -> None:
    result = compare(squares([]), squares([9, 17, 5, 21, 13]), resolution=600)
    assert sides_found(result) == [21, 17, 13, 9, 5]
    assert [one.box for one in result.on_image2] == [one.box for one in result.on_image1]


def test_of_more_than_300_differences_the_largest_are_listed() -> None:
    second = squares([*[5] * 40, *[9] * 280, *[5] * 40], pitch=30)
    result = compare(squares([]), second, resolution=600)
    assert sides_found(result) == [9] * 280 + [5] * 20
    assert len(result.on_image2) == result.details.info.count == 300


def test_a_word_of_a_drawn_page_is_found(page: Pixels) -> None:
    second = page.copy()
    cv2.putText(second, "OK", (400, 333), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 1)
    found = compare(page, second, threshold=20, resolution=900).on_image1
    assert len(found) == 1
    assert iou(found[0].box, Box(400, 314, 436, 335)) > 0.5


def test_a_recoloured_button_is_found_on_a_drawn_page(page: Pixels) -> None:
    second = page.copy()
    cv2.rectangle(second, (40, 100), (300, 200), (0, 120, 200), -1)
    found = compare(page, second).on_image1
    assert [iou(one.box, Box(40, 100, 301, 201)) > 0.9 for one in found] == [True]


def test_a_thing_on_a_blank_page_is_found() -> None:
    blank = np.full((200, 300, 3), 230, np.uint8)
    found = compare(blank, patched(blank)).on_image1
    assert [iou(one.box, PATCH) > 0.8 for one in found] == [True]


@pytest.mark.parametrize("ground", [255, 236, 40])
@pytest.mark.parametrize("tint", [(-17, -17, -17), (-21, 0, 0), (0, -6, -12)])
@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_light_tint_of_a_flat_part_is_found(
    ground: int, tint: tuple[int, int, int], share: float
) -> None:
    plain = np.full((300, 500, 3), ground, np.uint8)
    cv2.putText(plain, "Orders", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (120, 120, 120), 1)
    tinted = plain.copy()
    right = 40 + int(440 * share)
    tinted[60:290, 40:right] = np.array((ground,) * 3) + tint
    assert [one.box for one in compare(plain, tinted).on_image1] == [Box(40, 60, right, 290)]


def halved(image: Pixels) -> MatLike:
    return cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("sent", [saved, halved])
def test_a_light_tint_is_found_on_a_picture_sent_again(
    page: Pixels, sent: Callable[[Pixels], MatLike]
) -> None:
    tinted = page.copy()
    box = Box(420, 50, 540, 90)
    tinted[box.top : box.bottom, box.left : box.right] -= np.uint8(14)
    found = compare(page, sent(tinted)).on_image1
    assert [iou(one.box, box) > 0.7 for one in found] == [True]


def test_a_disc_of_another_colour_as_bright_is_found_on_a_picture_saved_again() -> None:
    before = screen(960, 600)
    after = before.copy()
    for image, colour in ((before, (125, 110, 158)), (after, (141, 103, 168))):
        cv2.circle(image, (700, 300), 40, colour, -1, cv2.LINE_AA)
    saved_again = encoded_again(after, quality=60)
    (found,) = compare(before, saved_again, threshold=20, resolution=900).on_image1
    assert iou(found.box, Box(660, 260, 741, 341)) > 0.9


def test_a_soft_shadow_on_a_page_is_no_tint(page: Pixels) -> None:
    height, width = page.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    shadow = 16 * np.exp(-((x - width / 2) ** 2 + (y - height / 2) ** 2) / (0.3 * width) ** 2)
    shaded = np.clip(page - shadow[..., np.newaxis], 0, 255).astype(np.uint8)
    assert compare(page, shaded).on_image1 == []


def screen(width: int = 1920, height: int = 1080) -> Pixels:
    page = np.full((height, width, 3), 250, np.uint8)
    for row, y in enumerate(range(60, height - 20, 45)):
        text = f"Row {row} of the orders, {row * 7919} pieces in store, {row * 104729} sold"
        cv2.putText(page, text, (30, y), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (60, 40, 30), 1, 16)
        cv2.rectangle(page, (width - 190, y - 20), (width - 60, y + 8), (170, 110, 60), -1)
    return page


@pytest.mark.parametrize("told", [{}, {"threshold": 20, "resolution": 900}])
def test_one_digit_of_a_large_screen_is_found(told: dict[str, float]) -> None:
    first, second = screen(), screen()
    for one, digit in ((first, "3"), (second, "8")):
        cv2.putText(one, digit, (1500, 600), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, 16)
    (found,) = compare(first, second, **told).on_image1
    assert iou(found.box, Box(1500, 590, 1509, 601)) > 0.33


@pytest.mark.parametrize("size", [(640, 400), (481, 301), (1400, 875), (960, 601)])
@pytest.mark.parametrize("told", [{}, {"threshold": 20, "resolution": 900}])
def test_a_page_at_another_scale_does_not_differ(
    size: tuple[int, int], told: dict[str, float]
) -> None:
    page = screen(960, 600)
    interpolation = cv2.INTER_AREA if size[0] < 960 else cv2.INTER_CUBIC
    other = cv2.resize(page, size, interpolation=interpolation)
    assert compare(page, other, **told).on_image1 == []


@pytest.mark.parametrize("quality", [60, 85])
def test_a_page_saved_again_does_not_differ(quality: int) -> None:
    page = screen(960, 600)
    again = encoded_again(page, quality=quality)
    assert compare(page, again, threshold=20, resolution=900).on_image1 == []


def test_the_colour_that_a_jpeg_takes_from_thin_letters_is_no_difference() -> None:
    random = np.random.default_rng(2026)
    page = np.full((600, 700, 3), 255, np.uint8)
    for y in range(30, 580, 26):
        for x in range(20, 640, 80):
            colour = random.integers(0, 256, 3).tolist()
            cv2.putText(page, f"{x * y}", (x, y), 0, 0.5, colour, 1, cv2.LINE_AA)
    again = encoded_again(page, quality=60)
    assert compare(page, again, threshold=20, resolution=900).on_image1 == []


def test_what_a_jpeg_of_low_quality_cuts_off_round_bright_letters_is_no_difference() -> None:
    page = np.full((401, 603, 3), 255, np.uint8)
    inks = [(255, 40, 20), (20, 230, 10), (230, 10, 200), (20, 20, 250)]
    for row in range(14):
        for column, ink in enumerate(inks):
            place = (10 + 150 * column, 30 + 27 * row)
            cv2.putText(page, f"{row * 97 + column} hodq", place, 0, 0.4, ink, 1, cv2.LINE_AA)
    again = encoded_again(page, quality=30)
    for pair in ((page, again), (again, page)):
        assert compare(*pair, threshold=20, resolution=900).on_image1 == []


def test_a_spot_on_squares_that_a_jpeg_keeps_exactly_has_its_own_box() -> None:
    random = np.random.default_rng(7)
    squares = np.where(random.random((20, 20)) < 0.5, 0, 255).astype(np.uint8)
    code = np.repeat(np.repeat(np.stack([squares] * 3, axis=2), 8, axis=0), 8, axis=1)
    spotted = code.copy()
    spotted[76:84, 92:100] = 255 - spotted[76:84, 92:100]
    (found,) = compare(code, encoded_again(spotted, quality=60), threshold=20).on_image1
    assert iou(found.box, Box(92, 76, 100, 84)) > 0.6


def test_a_caret_in_a_text_field_is_found() -> None:
    field = np.full((26, 280, 3), 255, np.uint8)
    cv2.putText(field, "Berlin", (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1)
    caret = field.copy()
    caret[5:21, 62] = 0
    assert compare(field, field.copy()).on_image1 == []
    assert [one.box for one in compare(field, caret).on_image1] == [Box(62, 5, 63, 21)]


def test_what_lies_in_a_new_frame_is_a_difference_of_its_own() -> None:
    blank = np.full((300, 400, 3), 240, np.uint8)
    second = cv2.rectangle(blank.copy(), (40, 40), (359, 259), (0, 0, 200), 2)
    second = cv2.circle(second, (200, 150), 20, (0, 120, 0), -1)
    frame, disc = compare(blank, second, mask_type="binary").on_image1
    assert disc.box == Box(180, 130, 221, 171)
    assert frame.mask is not None
    assert frame.mask.pixels[:, 100].sum() == 6


@pytest.mark.parametrize("is_saved_again", [False, True])
def test_changes_16_px_apart_at_resolution_900_are_two(is_saved_again: bool) -> None:
    page = screen(900, 500)
    second = page.copy()
    second[200:214, 500:530] = second[200:214, 546:570] = (0, 0, 160)
    sent = encoded_again(second, quality=80) if is_saved_again else second
    assert compare(page, sent, resolution=900).details.info.count == 2


def test_a_spot_on_a_bent_page_is_found_where_it_is_on_either(page: Pixels) -> None:
    y, x = np.mgrid[: page.shape[0], : page.shape[1]].astype(np.float32)
    moves = 5 * np.sin(2 * np.pi * x / page.shape[1])
    spotted = page.copy()
    left, top = 200, 300
    cv2.rectangle(spotted, (left, top), (left + 29, top + 29), (0, 0, 200), -1)
    second = cv2.remap(spotted, x, y + moves, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    result = compare(page, second, tolerance=3, resolution=900)
    down = -round(float(moves[0, left + 15]))
    assert [iou(one.box, Box(200, 300, 230, 330)) > 0.7 for one in result.on_image1] == [True]
    assert iou(result.on_image2[0].box, Box(200, 300 + down, 230, 330 + down)) > 0.7


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (40, 60)])
def test_flat_pictures_do_not_differ(size: tuple[int, int]) -> None:
    flat = np.full((*size, 3), 120, np.uint8)
    assert compare(flat, flat.copy()).on_image1 == []


def test_flat_pictures_of_two_colours_differ_as_a_whole() -> None:
    red, blue = np.zeros((2, 40, 60, 3), np.uint8)
    red[..., 2] = blue[..., 0] = 255
    assert [one.box for one in compare(red, blue).on_image1] == [Box(0, 0, 60, 40)]


def test_unrelated_photographs_are_refused(photograph: Pixels) -> None:
    cat = np.ascontiguousarray(skimage.data.chelsea()[:, :, ::-1])  # type: ignore[no-untyped-call]
    with pytest.raises(NotAlignable):
        compare(photograph, cat)


def test_sparse_drawings_with_nothing_alike_are_refused() -> None:
    disc, box = (np.full((300, 400, 3), 240, np.uint8) for _ in range(2))
    cv2.circle(disc, (250, 180), 70, (40, 40, 160), 3, cv2.LINE_AA)
    cv2.rectangle(box, (40, 30), (120, 110), (40, 40, 160), 3)
    with pytest.raises(NotAlignable):
        compare(disc, box)
    assert len(compare(disc, box, align=False).on_image1) == 2


def test_what_has_changed_nearly_everywhere_is_compared_as_it_lies() -> None:
    before = np.full((520, 350, 3), (230, 96, 158), np.uint8)
    cv2.putText(before, "deja", (120, 500), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (240, 240, 240), 2)
    after = cv2.resize(before, (350, 521), interpolation=cv2.INTER_CUBIC)
    for x, colour in ((60, (120, 128, 96)), (200, (255, 70, 70))):
        cv2.circle(before, (x, 60), 45, colour, -1, cv2.LINE_AA)
    assert len(compare(before, after).on_image1) == 2


def test_a_dark_ground_that_was_saved_three_levels_lighter_leaves_bright_parts_the_same() -> None:
    before = np.full((400, 300, 3), 13, np.uint8)
    after = before + np.uint8(3)
    for image in (before, after):
        cv2.circle(image, (80, 70), 45, (200, 190, 210), -1)
    assert compare(before, after).on_image1 == []


def test_thin_letters_in_another_ink_are_one_difference_on_a_rescaled_page() -> None:
    before, after = (np.full((600, 900, 3), 240, np.uint8) for _ in range(2))
    for row in range(8):
        for image, ink in ((before, (70, 70, 70)), (after, (120, 70, 105))):
            colour = ink if row == 4 else (70, 70, 70)
            cv2.putText(image, "Pixelgate", (60, 70 + 60 * row), 0, 0.7, colour, 1, 16)
    second = cv2.resize(after, (1125, 750), interpolation=cv2.INTER_CUBIC)
    found = compare(before, second, threshold=20, resolution=900).on_image1
    assert [iou(one.box, Box(62, 292, 168, 316)) > 0.5 for one in found] == [True]


def test_a_module_of_a_code_at_half_the_size_is_found() -> None:
    code = cv2.QRCodeEncoder.create().encode("https://example.com/pixelgate")
    changed = code.copy()
    changed[15, 18] = ~changed[15, 18]
    first, sent_again, second = (
        cv2.cvtColor(one.repeat(side, 0).repeat(side, 1), cv2.COLOR_GRAY2BGR)
        for one, side in ((code, 4), (code, 2), (changed, 2))
    )
    assert compare(first, sent_again).on_image1 == []
    found = compare(first, second).on_image1
    assert [iou(one.box, Box(72, 60, 76, 64)) > 0.3 for one in found] == [True]


def test_unaligned_pictures_are_compared_as_they_lie(photograph: Pixels) -> None:
    second = np.roll(photograph, 40, axis=1)
    assert compare(photograph, second, align=False).differing_percent > 20
    assert compare(photograph, second, align=True).differing_percent < 2


def test_what_the_mask_excludes_is_not_compared(photograph: Pixels) -> None:
    roi = np.ones(photograph.shape[:2], np.bool_)
    roi[:, 200:] = False
    result = differences(photograph, patched(photograph), roi, params=Params())
    assert [one.box.right <= 200 for one in result.on_image1] == [True]


def test_a_mask_that_excludes_all_leaves_nothing_to_differ(photograph: Pixels) -> None:
    roi = np.zeros((200, 256), np.bool_)
    result = differences(photograph, patched(photograph), roi, params=Params())
    assert result.on_image1 == []
    assert result.details.message == "Nothing was compared: all of image 1 is left out"


def test_a_mask_of_another_form_is_refused(photograph: Pixels) -> None:
    with pytest.raises(BadParameter, match="image1_roi is 50 x 50 px and image1 512 x 400"):
        differences(photograph, photograph, np.ones((50, 50), np.bool_), params=Params())


def test_ignored_areas_are_not_compared(photograph: Pixels) -> None:
    area = [(170, 110), (260, 110), (260, 180), (170, 180)]
    assert compare(photograph, patched(photograph), ignore=[area]).on_image1 == []


def test_every_ignored_area_counts() -> None:
    areas = [[(x - 3, 0), (x + 25, 0), (x + 25, 40), (x - 3, 40)] for x in (5, 125)]
    result = compare(squares([]), squares([21, 21, 21]), ignore=areas, resolution=600)
    assert [one.box for one in result.on_image1] == [Box(65, 5, 86, 26)]


def test_lists_are_read_from_json() -> None:
    params = Params.from_text({"ignore": "[[[1, 2], [3, 4], [5, 6.5]]]", "mask_color": "[1,2,3,4]"})
    assert params.ignore == (((1, 2), (3, 4), (5, 6.5)),)
    assert params.mask_color == (1, 2, 3, 4)


@pytest.mark.parametrize("module", [4, 7])
def test_a_module_of_a_small_bent_code_is_found(module: int) -> None:
    code = cv2.QRCodeEncoder.create().encode("https://example.com/pixelgate")
    first = cv2.cvtColor(code.repeat(module, 0).repeat(module, 1), cv2.COLOR_GRAY2BGR)
    row, column = 15 * module, 18 * module
    changed = first.copy()
    part = np.s_[row : row + module, column : column + module]
    changed[part] = 255 - first[part]
    y, x = np.mgrid[: len(first), : len(first)].astype(np.float32)
    moves = 2 * np.sin(2 * np.pi * x / len(first))
    again, second = (
        cv2.remap(one, x, y + moves, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for one in (first, changed)
    )
    told = {"tolerance": 3, "resolution": 900}
    assert compare(first, again, **told).on_image1 == []
    found = compare(first, second, **told).on_image1
    true = Box(column, row, column + module, row + module)
    assert [iou(one.box, true) > 0.33 for one in found] == [True]


def test_a_small_digit_of_a_large_screen_saved_again_is_found() -> None:
    first, second = screen(), screen()
    for one, digit in ((first, "3"), (second, "8")):
        cv2.putText(one, digit, (1500, 600), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (0, 0, 0), 1, 16)
    told = {"threshold": 20, "resolution": 900}
    assert compare(first, encoded_again(first, quality=60), **told).on_image1 == []
    (found,) = compare(first, encoded_again(second, quality=60), **told).on_image1
    assert found.box.left >= 1499
    assert found.box.top >= 590
    assert found.box.right <= 1509
    assert found.box.bottom <= 602


@pytest.mark.parametrize(
    "box",
    [Box(0, 100, 30, 140), Box(482, 100, 512, 140), Box(100, 0, 140, 30), Box(100, 370, 140, 400)],
)
def test_the_margin_is_not_compared(photograph: Pixels, box: Box) -> None:
    second = patched(photograph, box)
    assert compare(photograph, second).details.info.count == 1
    assert compare(photograph, second, margin=40).details.info.count == 0


def test_the_rim_is_left_out_as_a_share_of_the_longer_side() -> None:
    page = np.full((300, 600, 3), 230, np.uint8)
    second = patched(page, Box(0, 100, 40, 140))
    assert sides_found(compare(page, second, resolution=600)) == [40]
    (cut,) = compare(page, second, rim=0.05, resolution=600).on_image1
    assert cut.box == pytest.approx((30, 100, 40, 140), abs=1)
    assert compare(page, second, rim=0.1, resolution=600).on_image1 == []


def test_differences_smaller_than_the_smallest_are_left_out() -> None:
    second = squares([9, 27, 15])
    told = {"resolution": 600}
    assert sides_found(compare(squares([]), second, smallest=0.02, **told)) == [27, 15]
    assert sides_found(compare(squares([]), second, smallest=0.04, **told)) == [27]


def test_the_percentage_is_of_what_was_compared() -> None:
    page = np.full((200, 400, 3), 230, np.uint8)
    second = patched(page, Box(100, 50, 200, 150))
    roi = np.zeros((200, 400), np.bool_)
    roi[:, :200] = True
    assert compare(page, second).differing_percent == pytest.approx(12.5, abs=0.3)
    result = differences(page, second, roi, params=Params())
    assert result.differing_percent == pytest.approx(25, abs=0.6)


def test_a_higher_threshold_finds_less(photograph: Pixels) -> None:
    second = patched(photograph)
    second[300:340, 300:360] = np.clip(second[300:340, 300:360] + 45.0, 0, 255)
    counts = [
        compare(photograph, second, threshold=threshold).details.info.count
        for threshold in (16, 80)
    ]
    assert counts[0] > counts[1] == 1


def test_more_smoothing_erases_small_differences(photograph: Pixels) -> None:
    second = noisy(patched(photograph, Box(180, 120, 192, 132)))
    assert compare(photograph, second).details.info.count == 1
    assert compare(photograph, second, smoothing=3).details.info.count == 0


@pytest.mark.parametrize("colour", [(0, 0, 255), (255, 0, 255), (0, 255, 0), (255, 255, 0)])
@pytest.mark.parametrize(("x", "y", "side"), [(131, 107, 22), (41, 157, 15), (163, 35, 30)])
def test_what_a_jpeg_rings_beside_a_colour_is_no_part_of_the_difference(
    colour: tuple[int, int, int], x: int, y: int, side: int
) -> None:
    clean = np.full((200, 300, 3), 255, np.uint8)
    changed = patched(clean, square := Box(x, y, x + side, y + side), colour)
    first, second = (encoded_again(one, quality=75) for one in (clean, changed))
    (one,) = compare(first, second).on_image1
    assert iou(one.box, square) > 0.7


def test_another_hue_in_the_dark_is_found_on_demand() -> None:
    night = np.full((200, 300, 3), (4, 0, 0), np.uint8)
    second = night.copy()
    second[50:90, 100:160] = (0, 4, 0)
    assert compare(night, second).on_image1 == []
    (one,) = compare(night, second, color_space="HSV").on_image1
    assert iou(one.box, Box(100, 50, 160, 90)) > 0.9


def test_an_outline_touches_every_side_of_its_box(photograph: Pixels) -> None:
    second, _ = seen_from_elsewhere(patched(photograph))
    for one in compare(photograph, second).on_image2:
        assert one.outline is not None
        x, y = np.array(one.outline).T
        assert one.box == Box(x.min(), y.min(), x.max() + 1, y.max() + 1)


def test_what_is_found_at_half_the_size_has_its_whole_box() -> None:
    page = np.full((600, 600, 3), 230, np.uint8)
    for box in (Box(100, 200, 120, 240), Box(580, 580, 600, 600)):
        (one,) = compare(page, patched(page, box), resolution=300).on_image1
        assert one.box == box


def test_outlines_and_matrices_may_be_left_out() -> None:
    result = compare(squares([]), squares([20]), outlines=False)
    assert result.on_image1[0].outline is None
    assert result.matrix1 is result.matrix2 is None


def disc() -> Pixels:
    """A dark disc of 100 px round the middle of the light page."""
    return np.asarray(cv2.circle(squares([]), (300, 300), 100, (20, 20, 20), -1), np.uint8)


def test_the_circle_round_a_disc_is_its_own() -> None:
    (one,) = compare(squares([]), disc(), resolution=600).on_image1
    assert one.circle.center == pytest.approx((300, 300), abs=1)
    assert one.circle.radius == pytest.approx(100, abs=1.5)


def test_the_circle_holds_the_outline(photograph: Pixels) -> None:
    one = compare(photograph, patched(photograph)).on_image1[0]
    assert one.outline is not None
    middle = np.array(one.circle.center)
    assert np.linalg.norm(one.outline - middle, axis=1).max() == pytest.approx(
        one.circle.radius, abs=0.01
    )


def test_a_binary_mask_fills_its_box(photograph: Pixels) -> None:
    one = compare(photograph, patched(photograph), mask_type="binary").on_image1[0]
    assert one.mask is not None
    pixels = one.mask.pixels
    assert pixels.dtype == np.bool_
    assert pixels.shape == (one.box.bottom - one.box.top, one.box.right - one.box.left)
    assert pixels.any(axis=0).all()
    assert pixels.any(axis=1).all()


def test_a_mask_of_contours_has_the_colour_asked_for(photograph: Pixels) -> None:
    told = {"mask_type": MaskType.CONTOURS, "mask_color": (255, 10, 0, 125), "mask_thickness": 3}
    one = compare(photograph, patched(photograph), **told).on_image1[0]
    assert one.mask is not None
    drawn = one.mask.pixels.reshape(-1, 4)
    assert {tuple(pixel) for pixel in drawn.tolist()} == {(0, 0, 0, 0), (0, 10, 255, 125)}


@pytest.mark.parametrize(("thickness", "pixels"), [(1, 4 * 20), (50, 21**2)])
def test_the_outline_of_a_mask_is_as_thick_as_asked(thickness: int, pixels: int) -> None:
    told = {"mask_type": "contours", "mask_thickness": thickness, "resolution": 600}
    (one,) = compare(squares([]), squares([21]), **told).on_image1
    assert one.mask is not None
    assert np.count_nonzero(one.mask.pixels[..., 3]) == pytest.approx(pixels, abs=4)


def test_masks_of_too_many_pixels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.differences.MOST_MASK_PIXELS", 1000)
    blank = np.full((200, 300, 3), 230, np.uint8)
    with pytest.raises(BadParameter, match="mask_type is binary; the masks of"):
        compare(blank, patched(blank), mask_type="binary")
    assert compare(blank, patched(blank)).details.info.count == 1


def test_the_masks_on_a_large_second_picture_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    blank = np.full((200, 300, 3), 230, np.uint8)
    large = np.repeat(np.repeat(patched(blank), 4, axis=0), 4, axis=1)
    monkeypatch.setattr("engines.differences.MOST_MASK_PIXELS", 10_000)
    assert compare(blank, patched(blank), mask_type="binary").on_image1
    with pytest.raises(BadParameter, match="the masks of 2 differences"):
        compare(blank, large, mask_type="binary")


def test_the_matrices_are_those_between_the_pictures(photograph: Pixels) -> None:
    second, matrix = seen_from_elsewhere(photograph)
    result = compare(photograph, second, matrices=True)
    assert result.matrix1 is not None
    assert result.matrix2 is not None
    outline = np.array([[[0, 0], [512, 0], [512, 400], [0, 400]]], np.float64)
    found = cv2.perspectiveTransform(outline, np.reshape(result.matrix1, (3, 3)))
    assert np.linalg.norm(found - cv2.transform(outline, matrix), axis=2).mean() < 1
    product = np.reshape(result.matrix1, (3, 3)) @ np.reshape(result.matrix2, (3, 3))
    assert np.allclose(product, np.eye(3))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("threshold", "-1"),
        ("rim", "0.6"),
        ("mask_type", "filled"),
        ("mask_thickness", "0"),
        ("mask_color", "[255, 0, 0]"),
        ("mask_color", "[300, 0, 0, 0]"),
        ("mask_color", "255,0,0,0"),
        ("ignore", "[[[0, 0], [1, 1]]]"),
        ("ignore", "[[[1e9, 0], [1, 1], [2, 2]]]"),
        ("ignore", "[1]"),
        ("outlines", "maybe"),
    ],
)
def test_values_out_of_range_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=name):
        Params.from_text({name: text})


@pytest.mark.parametrize("outlines", [True, False])
def test_the_answer_as_a_picture_outlines_the_differences_on_both(outlines: bool) -> None:
    engine = catalogue()["differences"]
    assert engine.draw is not None
    page, second = squares([]), squares([0, 40])
    shown = engine.draw(page, second, None, compare(page, second, outlines=outlines)).pixels
    assert shown.shape == (600, 600 + 8 + 600, 3)
    is_red = (shown == RED).all(axis=2)
    assert is_red[5:45, 65].mean() > 0.9
    assert is_red[5:45, 608 + 65].mean() > 0.9
    assert not is_red[:, 110:600].any()


def test_a_disc_is_outlined_as_a_disc_in_the_picture() -> None:
    engine = catalogue()["differences"]
    assert engine.draw is not None
    page, second = squares([]), disc()
    shown = engine.draw(page, second, None, compare(page, second)).pixels
    is_red = (shown == RED).all(axis=2)
    assert is_red[198:203, 300].any()
    assert not is_red[203:225, 190:225].any()


def test_the_pictures_may_be_read_only_views(photograph: Pixels) -> None:
    first, second = photograph[::-1, ::-1], patched(photograph)[::-1, ::-1]
    first.flags.writeable = second.flags.writeable = False
    copies = compare(first.copy(), second.copy())
    assert [one.box for one in compare(first, second).on_image1] == [
        one.box for one in copies.on_image1
    ]
