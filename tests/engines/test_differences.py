"""Differences: what changed is found on both pictures, and nothing else; the reply's form."""

import json
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from cv2.typing import MatLike

from engines.core.errors import BadParameter, NotAlignable, UnparsableParameter
from engines.core.registry import catalogue
from engines.core.shapes import Box, Pixels
from engines.differences import Difference, MaskType, Params, Result, differences
from engines.vision.boxes import corners, iou
from tests.engines.drawing import encoded_again

PATCH = Box(180, 120, 230, 160)


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[:400, :, ::-1])  # type: ignore[no-untyped-call]


def compare(first: MatLike, second: MatLike, **told: Any) -> Result:
    pictures = np.asarray(first, np.uint8), np.asarray(second, np.uint8)
    return differences(*pictures, params=Params.model_validate(told))


def patched(image: Pixels, box: Box = PATCH) -> Pixels:
    changed = image.copy()
    changed[box.top : box.bottom, box.left : box.right] = (40, 200, 60)
    return changed


def seen_from_elsewhere(image: Pixels) -> tuple[Pixels, Any]:
    matrix = cv2.getRotationMatrix2D((256, 200), 7, 1.1)
    warped = cv2.warpAffine(image, matrix, (512, 400), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8), matrix


def box_of(difference: Difference) -> Box:
    box = difference.bounding_box
    return Box(box.x, box.y, box.x + box.width, box.y + box.height)


def test_a_picture_and_itself_do_not_differ(photograph: Pixels) -> None:
    result = compare(photograph, photograph.copy())
    assert result.diff_on_image1 == result.diff_on_image2 == []
    assert result.details.score == 0
    assert result.details.info.count == 0


@pytest.mark.parametrize("preset", range(6))
def test_a_new_part_is_found_where_it_is(photograph: Pixels, preset: int) -> None:
    result = compare(photograph, patched(photograph), preset=preset)
    assert result.details.info.count == 1
    assert iou(box_of(result.diff_on_image1[0]), PATCH) > 0.7
    assert iou(box_of(result.diff_on_image2[0]), PATCH) > 0.7


def test_both_ways_round_find_the_same(photograph: Pixels) -> None:
    there = compare(photograph, patched(photograph)).diff_on_image1
    back = compare(patched(photograph), photograph).diff_on_image2
    assert iou(box_of(there[0]), box_of(back[0])) > 0.9


def test_a_new_part_is_found_from_elsewhere_on_both_pictures(photograph: Pixels) -> None:
    second, matrix = seen_from_elsewhere(patched(photograph))
    result = compare(photograph, second, preset=3)
    outline = cv2.transform(corners(*PATCH)[np.newaxis], matrix).astype(np.float32)
    x, y, width, height = cv2.boundingRect(outline)
    assert len(result.diff_on_image1) == len(result.diff_on_image2) == 1
    assert iou(box_of(result.diff_on_image1[0]), PATCH) > 0.6
    assert iou(box_of(result.diff_on_image2[0]), Box(x, y, x + width, y + height)) > 0.6


def test_a_moved_part_is_found_at_both_places(photograph: Pixels) -> None:
    other = Box(400, 300, 450, 340)
    result = compare(patched(photograph), patched(photograph, other))
    found = [box_of(one) for one in result.diff_on_image1]
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
    assert compare(photograph, change(photograph), preset=3).diff_on_image1 == []


def test_a_word_of_a_drawn_page_is_found(page: Pixels) -> None:
    second = page.copy()
    cv2.putText(second, "OK", (400, 333), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 1)
    found = compare(page, second, preset=1).diff_on_image1
    assert len(found) == 1
    assert iou(box_of(found[0]), Box(400, 314, 436, 335)) > 0.5


def test_a_recoloured_button_is_found_on_a_drawn_page(page: Pixels) -> None:
    second = page.copy()
    cv2.rectangle(second, (40, 100), (300, 200), (0, 120, 200), -1)
    found = compare(page, second).diff_on_image1
    assert [iou(box_of(one), Box(40, 100, 301, 201)) > 0.9 for one in found] == [True]


def test_a_thing_on_a_blank_page_is_found() -> None:
    blank = np.full((200, 300, 3), 230, np.uint8)
    found = compare(blank, patched(blank)).diff_on_image1
    assert [iou(box_of(one), PATCH) > 0.8 for one in found] == [True]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (40, 60)])
def test_flat_pictures_do_not_differ(size: tuple[int, int]) -> None:
    flat = np.full((*size, 3), 120, np.uint8)
    assert compare(flat, flat.copy()).diff_on_image1 == []


def test_flat_pictures_of_two_colours_differ_as_a_whole() -> None:
    red, blue = np.zeros((2, 40, 60, 3), np.uint8)
    red[..., 2] = blue[..., 0] = 255
    assert [box_of(one) for one in compare(red, blue).diff_on_image1] == [Box(0, 0, 60, 40)]


def test_unrelated_photographs_are_refused(photograph: Pixels) -> None:
    cat = np.ascontiguousarray(skimage.data.chelsea()[:, :, ::-1])  # type: ignore[no-untyped-call]
    with pytest.raises(NotAlignable):
        compare(photograph, cat)


def test_unaligned_pictures_are_compared_as_they_lie(photograph: Pixels) -> None:
    second = np.roll(photograph, 40, axis=1)
    assert compare(photograph, second, align=False).details.score > 20
    assert compare(photograph, second, align=True).details.score < 2


def test_what_the_mask_excludes_is_not_compared(photograph: Pixels) -> None:
    roi = np.ones(photograph.shape[:2], np.bool_)
    roi[:, 200:] = False
    result = differences(photograph, patched(photograph), roi, params=Params())
    assert [box_of(one).right <= 200 for one in result.diff_on_image1] == [True]


def test_a_mask_that_excludes_all_leaves_nothing_to_differ(photograph: Pixels) -> None:
    roi = np.zeros((200, 256), np.bool_)
    result = differences(photograph, patched(photograph), roi, params=Params())
    assert result.diff_on_image1 == []


def test_a_mask_of_another_form_is_refused(photograph: Pixels) -> None:
    with pytest.raises(BadParameter, match="image1_roi is 50 x 50 px and image1 512 x 400"):
        differences(photograph, photograph, np.ones((50, 50), np.bool_), params=Params())


@pytest.mark.parametrize(
    "area",
    [
        {"x": 170, "y": 110, "width": 80, "height": 60},
        [[170, 110], [260, 110], [260, 180], [170, 180]],
        [{"x": 170, "y": 110}, {"x": 260, "y": 110}, {"x": 260, "y": 180}, {"x": 170, "y": 180}],
    ],
    ids=["rectangle", "polygon", "polygon of points"],
)
def test_ignored_areas_are_not_compared(photograph: Pixels, area: Any) -> None:
    params = Params.from_text({"ignore": json.dumps([area])})
    assert differences(photograph, patched(photograph), params=params).diff_on_image1 == []


def test_the_margin_is_not_compared(photograph: Pixels) -> None:
    second = patched(photograph, Box(0, 100, 30, 140))
    assert compare(photograph, second).details.info.count == 1
    assert compare(photograph, second, fic_settings={"margin": 40}).details.info.count == 0


def test_a_higher_threshold_finds_less(photograph: Pixels) -> None:
    second = patched(photograph)
    second[300:340, 300:360] = np.clip(second[300:340, 300:360] + 45.0, 0, 255)
    counts = [
        compare(photograph, second, fic_settings={"threshold": threshold}).details.info.count
        for threshold in (0.4, 2)
    ]
    assert counts[0] > counts[1] == 1


def test_more_smoothing_erases_small_differences(photograph: Pixels) -> None:
    second = noisy(patched(photograph, Box(180, 120, 192, 132)))
    assert compare(photograph, second).details.info.count == 1
    assert compare(photograph, second, fic_settings={"smooth": 3}).details.info.count == 0


def test_hue_is_compared_on_demand(photograph: Pixels) -> None:
    settings = {"behaviors": "HSV"}
    found = compare(photograph, patched(photograph), fic_settings=settings).diff_on_image1
    assert [iou(box_of(one), PATCH) > 0.7 for one in found] == [True]


def test_vertices_touch_every_side_of_the_box(photograph: Pixels) -> None:
    second, _ = seen_from_elsewhere(patched(photograph))
    for one in compare(photograph, second).diff_on_image2:
        assert one.relative_vertices is not None
        x, y = ([getattr(vertex, axis) for vertex in one.relative_vertices] for axis in "xy")
        assert (min(x), max(x)) == (0, one.bounding_box.width - 1)
        assert (min(y), max(y)) == (0, one.bounding_box.height - 1)


def test_the_circle_holds_the_vertices(photograph: Pixels) -> None:
    one = compare(photograph, patched(photograph)).diff_on_image1[0]
    assert one.relative_vertices is not None
    box, circle = one.bounding_box, one.enclosing_circle
    for vertex in one.relative_vertices:
        apart = (box.x + vertex.x - circle.center.x, box.y + vertex.y - circle.center.y)
        assert np.hypot(*apart) <= circle.radius + 0.01


def test_a_binary_mask_fills_its_box(photograph: Pixels) -> None:
    one = compare(photograph, patched(photograph), mask_type="binary").diff_on_image1[0]
    assert one.mask is not None
    pixels = one.mask.pixels
    assert pixels.dtype == np.bool_
    assert pixels.shape == (one.bounding_box.height, one.bounding_box.width)
    assert pixels.any(axis=0).all()
    assert pixels.any(axis=1).all()


def test_a_mask_of_contours_has_the_colour_asked_for(photograph: Pixels) -> None:
    told = {"mask_type": MaskType.CONTOURS, "mask_color": "255,10,0,125", "mask_thickness": 3}
    one = compare(photograph, patched(photograph), **told).diff_on_image1[0]
    assert one.mask is not None
    drawn = one.mask.pixels.reshape(-1, 4)
    assert {tuple(pixel) for pixel in drawn.tolist()} == {(0, 0, 0, 0), (0, 10, 255, 125)}


def test_masks_of_too_many_pixels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.differences.MOST_MASK_PIXELS", 1000)
    blank = np.full((200, 300, 3), 230, np.uint8)
    with pytest.raises(BadParameter, match="mask_type is binary; the masks of"):
        compare(blank, patched(blank), mask_type="binary")


def test_keys_that_were_not_asked_for_are_absent(photograph: Pixels) -> None:
    result = compare(photograph, patched(photograph), vertices=False)
    body = result.model_dump(by_alias=True, exclude_none=True)
    assert set(body) == {"diffOnImage1", "diffOnImage2"}
    assert set(body["diffOnImage1"][0]) == {"boundingBox", "enclosingCircle"}


def test_the_matrices_are_those_between_the_pictures(photograph: Pixels) -> None:
    second, matrix = seen_from_elsewhere(photograph)
    result = compare(photograph, second, transform=True)
    assert result.mat_on1 is not None
    assert result.mat_on2 is not None
    outline = np.array([[[0, 0], [512, 0], [512, 400], [0, 400]]], np.float64)
    found = cv2.perspectiveTransform(outline, np.reshape(result.mat_on1, (3, 3)))
    assert np.linalg.norm(found - cv2.transform(outline, matrix), axis=2).mean() < 1
    product = np.reshape(result.mat_on1, (3, 3)) @ np.reshape(result.mat_on2, (3, 3))
    assert np.allclose(product, np.eye(3))


def test_the_misprinted_transform_is_taken() -> None:
    assert Params.from_text({"tranform": "True"}).transform


def test_the_settings_of_the_document_are_taken() -> None:
    text = '{"resolution": 600, "threshold": 1.4, "smooth": 1.4, "margin": 0}'
    settings = Params.from_text({"fic_settings": text}).fic_settings
    assert (settings.resolution, settings.threshold, settings.smooth) == (600, 1.4, 1.4)


@pytest.mark.parametrize("name", ["fic_settings", "ignore"])
@pytest.mark.parametrize("text", ["{'resolution': 600}", "[" * 5000, "{", "[NaN]", "9" * 5000])
def test_what_is_no_json_is_refused_as_such(name: str, text: str) -> None:
    with pytest.raises(UnparsableParameter, match=f"{name} is no JSON"):
        Params.from_text({name: text})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('{"treshold": 1}', "fic_settings has the key 'treshold'"),
        ('{"threshold": 99}', "fic_settings.threshold"),
        ('{"resolution": 901}', "fic_settings.resolution"),
        ('{"smooth": 1e999}', "fic_settings.smooth"),
        ('{"margin": [1]}', "fic_settings.margin"),
        ('{"weight": true}', "fic_settings.weight"),
        ('{"smooth": "1_0"}', "fic_settings.smooth"),
        ('{"behaviors": "XYZ"}', "fic_settings.behaviors"),
        ("[1]", "no object"),
        ('{"a": "%s"}' % ("b" * 30_000), "characters"),
    ],
)
def test_a_fault_in_the_settings_is_named(settings: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        Params.from_text({"fic_settings": settings})


@pytest.mark.parametrize(
    "areas",
    [
        "{}",
        "[1]",
        "[[[0, 0], [1, 1]]]",
        '[{"x": 1}]',
        '[[["a", 0], [1, 1], [2, 2]]]',
        "[[[1e9, 0]]]",
    ],
)
def test_areas_of_another_form_are_refused(areas: str) -> None:
    with pytest.raises(BadParameter, match="ignore"):
        Params.from_text({"ignore": areas})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("preset", "6"),
        ("mask_type", "filled"),
        ("mask_thickness", "0"),
        ("mask_color", "255,0"),
        ("mask_color", "300,0,0"),
        ("mask_color", "red,0,0"),
        ("mask_color", "٣,0,0"),
        ("vertices", "maybe"),
    ],
)
def test_values_out_of_range_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=name):
        Params.from_text({name: text})


def test_the_answer_as_a_picture_outlines_the_differences_on_both(photograph: Pixels) -> None:
    engine = catalogue()["differences"]
    assert engine.draw is not None
    result = compare(photograph, patched(photograph))
    shown = engine.draw(photograph, photograph, None, result).pixels
    assert shown.shape == (400, 512 + 8 + 512, 3)
    plain = engine.draw(photograph, photograph, None, compare(photograph, photograph)).pixels
    changed = (shown != plain).any(axis=2)
    assert changed[:, :512].any()
    assert changed[:, 520:].any()


def test_the_pictures_are_left_as_they_were(photograph: Pixels) -> None:
    before = photograph.copy()
    compare(photograph, elsewhere(photograph))
    assert np.array_equal(photograph, before)
