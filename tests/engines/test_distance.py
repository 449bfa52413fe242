"""Distance: clones, copies, similar and unrelated pictures, the arithmetic of the reply."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import skimage.data
from cv2.typing import MatLike

from engines.copies.match import Scores
from engines.core.registry import catalogue
from engines.core.shapes import Box, Pixels
from engines.distance import Decision, Params, Result, distance
from engines.vision.boxes import iou
from engines.vision.keypoints import Keypoints, find_keypoints
from engines.vision.marking import RED
from tests.engines.drawing import encoded_again


def rate(first: MatLike, second: MatLike) -> Result:
    return distance(np.asarray(first, np.uint8), np.asarray(second, np.uint8), params=Params())


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return np.ascontiguousarray(skimage.data.chelsea()[:, :, ::-1])  # type: ignore[no-untyped-call]


def saved(image: Pixels) -> MatLike:
    return encoded_again(image, quality=40)


def resized(image: Pixels) -> MatLike:
    return cv2.resize(image, (200, 200), interpolation=cv2.INTER_AREA)


def half(image: Pixels) -> MatLike:
    return image[:, : image.shape[1] // 2]


def quarter_turn(image: Pixels) -> MatLike:
    return np.rot90(image)


def tilted(image: Pixels) -> MatLike:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 30, 0.8)
    return cv2.warpAffine(image, matrix, (width, height))


def mirrored(image: Pixels) -> MatLike:
    return image[:, ::-1]


def recoloured(image: Pixels) -> MatLike:
    return np.asarray(np.clip(image * (1.2, 1.0, 0.8), 0, 255), np.uint8)


def left_alone(image: Pixels) -> MatLike:
    """Grey but for its left half."""
    shown = np.full_like(image, 90)
    shown[:, :256] = image[:, :256]
    return shown


COPIES = [saved, resized, half, quarter_turn, tilted, mirrored, recoloured]


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_a_match_but_no_clone(
    photograph: Pixels, copy: Callable[[Pixels], MatLike]
) -> None:
    result = rate(photograph, copy(photograph))
    assert 0 < result.distance < 1
    assert result.decision is Decision.MATCH


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The longer side of each picture in which keypoints are looked for."""
    sides: list[int] = []

    def find(grey: MatLike, **how_many: int) -> Keypoints:
        sides.append(max(grey.shape))
        return find_keypoints(grey, **how_many)

    monkeypatch.setattr("engines.distance.find_keypoints", find)
    return sides


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_told_at_a_glance(
    photograph: Pixels, looked_at: list[int], copy: Callable[[Pixels], MatLike]
) -> None:
    assert rate(photograph, copy(photograph)).decision is Decision.MATCH
    assert looked_at == [256, 256]


def test_what_is_in_doubt_at_a_glance_is_looked_at_closely(looked_at: list[int]) -> None:
    rate(letter(1), letter(2))
    assert looked_at == [256, 256, 512, 512]


def test_pictures_of_other_colours_are_looked_at_closely_at_once(
    photograph: Pixels, looked_at: list[int]
) -> None:
    green, red = np.zeros_like(photograph), np.zeros_like(photograph)
    green[..., 1], red[..., 2] = photograph[..., 1], photograph[..., 1]
    assert rate(green, saved(red)).decision is Decision.MATCH
    assert looked_at == [512, 512]


def test_the_same_pixels_are_a_clone(photograph: Pixels) -> None:
    result = rate(photograph, photograph.copy())
    assert result.distance == 0
    assert result.details.message == "Distance 0.00: match"


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (40, 60)])
def test_flat_pictures_of_one_colour_are_clones(size: tuple[int, int]) -> None:
    assert rate(np.full((*size, 3), 7), np.full((*size, 3), 7)).distance == 0


def test_a_flat_picture_in_two_sizes_is_a_match() -> None:
    assert rate(np.full((40, 60, 3), 90), np.full((80, 120, 3), 92)).distance < 1


@pytest.fixture
def soft() -> Pixels:
    """Without any detail, and unlike itself however it is turned or mirrored."""
    y, x = np.mgrid[:300, :300] / 300
    return np.stack([200 * x, 60 + 100 * y, 200 * x * y], axis=2).astype(np.uint8)


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("step", [1, -1])
def test_without_detail_turned_and_mirrored_pictures_match(
    soft: Pixels, quarters: int, step: int
) -> None:
    assert rate(soft, np.rot90(soft[:, ::step], quarters)).decision is Decision.MATCH


def test_without_detail_the_match_is_weaker_the_lighter_the_other(soft: Pixels) -> None:
    results = [rate(soft, soft + levels) for levels in (0, 1, 10, 26, 29)]
    distances = [one.distance for one in results]
    assert distances == sorted(distances)
    assert distances[0] == 0
    assert 0.9 < distances[3] < 1 < distances[4]
    assert [one.decision is Decision.MATCH for one in results] == [True] * 4 + [False]


def test_faint_slopes_in_two_directions_do_not_match() -> None:
    y, x = np.mgrid[:400, :600]
    down, across = 100 + 27 * y / 400, 100 + 27 * x / 600
    pictures = [np.dstack([one] * 3) for one in (down, across)]
    assert rate(*pictures).decision is Decision.NO_MATCH


def test_flat_pictures_of_two_colours_do_not_match() -> None:
    red, blue = np.zeros((2, 40, 60, 3), np.uint8)
    red[..., 2] = blue[..., 0] = 255
    assert rate(red, blue).decision is Decision.NO_MATCH


def test_a_blurred_picture_is_found_in_the_mirror(photograph: Pixels) -> None:
    blurred = cv2.GaussianBlur(photograph, (0, 0), 16)
    assert rate(blurred, np.flip(blurred, axis=1)).distance < 1


def test_other_photographs_do_not_match(photograph: Pixels, cat: Pixels) -> None:
    result = rate(photograph, cat)
    assert result.distance >= 2
    assert result.decision is Decision.NO_MATCH


def test_the_same_kind_of_texture_is_similar() -> None:
    stones = np.repeat(skimage.data.gravel()[:, :, np.newaxis], 3, axis=2)  # type: ignore[no-untyped-call]
    result = rate(stones[:, :256], stones[:, 256:])
    assert 1 <= result.distance < 2
    assert result.decision is Decision.SIMILAR


def test_of_the_same_colours_another_arrangement_is_not_the_same(photograph: Pixels) -> None:
    blocks = photograph.reshape(16, 32, 16, 32, 3).swapaxes(1, 2).reshape(256, 32, 32, 3)
    shuffled = blocks[np.random.default_rng(2026).permutation(256)].reshape(16, 16, 32, 32, 3)
    result = rate(photograph, shuffled.swapaxes(1, 2).reshape(photograph.shape))
    assert result.decision is Decision.NO_MATCH


def letter(words: int, *, changed: int = 10_000) -> Pixels:
    """A letterhead and lines of words; from one of them on they are others."""
    page = np.full((880, 620, 3), 255, np.uint8)
    cv2.putText(page, "ACME Corporation", (40, 70), 0, 1.1, (0, 0, 0), 2, cv2.LINE_AA)
    cv2.line(page, (40, 90), (580, 90), (0, 0, 0), 2)
    for place in range(90):
        seed = words if place < changed else words + 1
        text = "".join(np.random.default_rng([seed, place]).choice(list("abdefghklmnoprstu"), 6))
        at = (40 + 180 * (place % 3), 140 + 24 * (place // 3))
        cv2.putText(page, text, at, 0, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    return page


def form(words: int) -> Pixels:
    """Framed entries, whose letters are less than the frames and all else such forms share."""
    sheet = np.full((800, 620, 3), 250, np.uint8)
    cv2.putText(sheet, "APPLICATION", (20, 45), 0, 1.0, (40, 40, 40), 2, cv2.LINE_AA)
    for row, name in enumerate(("family", "given", "street", "town", "country", "phone", "bank")):
        top = 80 + 100 * row
        cv2.putText(sheet, name, (20, top + 30), 0, 0.6, (40, 40, 40), 1, cv2.LINE_AA)
        cv2.rectangle(sheet, (200, top), (600, top + 70), (120, 120, 120), 1)
        text = "".join(np.random.default_rng([words, row]).choice(list("abdefghklmnoprstu"), 11))
        cv2.putText(sheet, text, (210, top + 45), 0, 1.0, (160, 40, 220), 2, cv2.LINE_AA)
    return sheet


def code(text: str) -> Pixels:
    modules = cv2.copyMakeBorder(cv2.QRCodeEncoder.create().encode(text), 3, 3, 3, 3, 0, value=255)
    large = np.kron(modules, np.ones((10, 10), np.uint8))
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)


def sign(text: str) -> Pixels:
    plate = np.full((400, 400, 3), 230, np.uint8)
    cv2.putText(plate, text, (130, 220), 0, 6, (40, 40, 160), 14, cv2.LINE_AA)
    return plate


def disc() -> Pixels:
    plate = np.full((400, 400, 3), 230, np.uint8)
    return np.asarray(cv2.circle(plate, (200, 150), 70, (40, 40, 160), -1, cv2.LINE_AA), np.uint8)


def square() -> Pixels:
    plate = np.full((400, 400, 3), 230, np.uint8)
    return np.asarray(cv2.rectangle(plate, (130, 80), (270, 220), (40, 40, 160), -1), np.uint8)


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        (letter(1), letter(2), 1),
        (form(1), form(2), 1),
        (code("271828" * 8), code("314159" * 8), 2),
        (disc(), square(), 1),
        (sign("A"), sign("R"), 1),
    ],
    ids=["letters under one letterhead", "filled in forms", "codes", "disc and square", "A and R"],
)
def test_other_content_of_one_template_does_not_match(
    one: Pixels, other: Pixels, least: float
) -> None:
    assert rate(one, other).distance >= least
    assert rate(one, saved(one)).distance < 1
    assert rate(other, resized(other)).distance < 1


def test_a_page_with_some_other_words_matches_less() -> None:
    edited, saved_again = (
        rate(letter(1), one) for one in (letter(1, changed=83), saved(letter(1)))
    )
    assert saved_again.distance < edited.distance < 1


def test_a_sparse_drawing_and_what_was_cut_from_it_match() -> None:
    result = rate(disc(), disc()[20:380, 30:390])
    assert result.distance < 1
    assert result.reference.common_part is not None
    assert iou(result.reference.common_part, Box(38, 26, 499, 486)) > 0.95


@pytest.mark.parametrize(("top", "left"), [(13, 13), (20, 50), (37, 5)])
def test_what_was_cut_from_a_light_sheet_has_no_line_along_its_rim(top: int, left: int) -> None:
    sheet = np.full((243, 624, 3), (136, 137, 242), np.uint8)
    cv2.putText(sheet, "G", (70, 220), 0, 2.2, (120, 220, 130), 7, cv2.LINE_AA)
    cut = sheet[top : 243 - top // 2, left:]
    assert rate(sheet, cut).distance < 0.4
    assert rate(cut, sheet).distance < 0.4


def test_a_photograph_that_is_partly_covered_matches(photograph: Pixels, cat: Pixels) -> None:
    covered = photograph.copy()
    covered[200:500, 100:400] = cat[:300, :300]
    assert rate(photograph, covered).distance < 1


def test_two_views_of_a_scene_with_depth_match() -> None:
    left, right, _ = skimage.data.stereo_motorcycle()  # type: ignore[no-untyped-call]
    assert rate(left[..., ::-1].copy(), right[..., ::-1].copy()).distance < 1


@pytest.mark.parametrize("is_query", [True, False])
def test_a_crop_of_a_picture_13_times_as_wide_is_found_there(
    photograph: Pixels, cat: Pixels, is_query: bool
) -> None:
    views = [cv2.resize(one, (600, 300)) for one in (photograph, cat, photograph[::-1], cat[::-1])]
    panorama = np.hstack([*views, *(one[:, ::-1] for one in views)])[:, : 13 * 300]
    crop = panorama[:, 800:1100]
    result = rate(crop, panorama) if is_query else rate(panorama, crop)
    long = result.query if is_query else result.reference
    assert result.distance < 1
    assert long.common_part is not None
    assert long.common_part.left == pytest.approx(800 / 3900 * 512, abs=4)
    assert long.common_part.right == pytest.approx(1100 / 3900 * 512, abs=4)


@pytest.mark.parametrize("copy", COPIES)
def test_the_distance_is_the_same_both_ways_round(
    photograph: Pixels, copy: Callable[[Pixels], MatLike]
) -> None:
    other = copy(photograph)
    there, back = rate(photograph, other), rate(other, photograph)
    assert there.distance == back.distance
    assert there.query.common_part == back.reference.common_part


def scores(first: MatLike, second: MatLike) -> Scores:
    found = rate(first, second).scores
    assert found is not None
    return found


def test_the_less_is_common_the_weaker_the_match(photograph: Pixels) -> None:
    results = [rate(photograph, photograph[:, :width]) for width in (256, 180, 128, 90)]
    strengths = [one.scores.strength for one in results if one.scores]
    assert strengths == sorted(set(strengths), reverse=True)
    assert [one.distance for one in results] == pytest.approx([1 - one for one in strengths])


def test_a_common_part_with_nothing_in_its_middle_is_covered_along_its_rim(
    photograph: Pixels,
) -> None:
    hollow = photograph.copy()
    hollow[60:452, 60:452] = 90
    rim_of_eight_by_eight = 28 / 64
    assert 0.2 < scores(photograph, hollow).coverage <= rim_of_eight_by_eight
    assert scores(photograph, saved(photograph)).coverage > 0.8


def test_what_has_no_counterpart_lowers_the_share_of_all_alone(
    photograph: Pixels, cat: Pixels
) -> None:
    strange = photograph.copy()
    strange[64:448, 64:448] = cv2.resize(cat, (384, 384))
    found, undisturbed = scores(photograph, strange), scores(photograph, half(photograph))
    assert found.inliers_of_all < undisturbed.inliers_of_all / 2
    assert found.inliers_of_matched == pytest.approx(undisturbed.inliers_of_matched, abs=0.05)


def test_what_has_moved_lowers_the_share_of_the_matched(photograph: Pixels) -> None:
    moved = photograph.copy()
    moved[128:384, 128:384] = np.roll(moved[128:384, 128:384], 40, axis=1)
    assert scores(photograph, moved).inliers_of_matched < 0.8
    assert scores(photograph, half(photograph)).inliers_of_matched > 0.9


def test_the_boxes_lie_where_a_part_was_cut_out(photograph: Pixels) -> None:
    result = rate(photograph, photograph[100:300, 150:450])
    assert result.reference.common_part is not None
    assert result.query.common_part is not None
    assert iou(result.reference.common_part, Box(150, 100, 450, 300)) > 0.9
    assert iou(result.query.common_part, Box(0, 0, 512, 341)) > 0.9


@pytest.mark.parametrize("is_query", [True, False])
def test_the_boxes_of_a_mirrored_part_are_in_each_pictures_own_pixels(
    photograph: Pixels, is_query: bool
) -> None:
    seen = mirrored(np.asarray(left_alone(photograph)))
    result = rate(photograph, seen) if is_query else rate(seen, photograph)
    whole, part = result.reference.common_part, result.query.common_part
    if not is_query:
        whole, part = part, whole
    assert whole is not None
    assert part is not None
    assert iou(whole, Box(0, 0, 256, 512)) > 0.9
    assert iou(part, Box(256, 0, 512, 512)) > 0.9


def test_the_longer_side_is_brought_to_512(photograph: Pixels) -> None:
    side = rate(photograph, photograph[:100, :200]).query
    assert side.size == (200, 100)
    assert side.compared_size == (512, 256)


def test_without_a_match_there_is_no_box_and_no_score(photograph: Pixels, cat: Pixels) -> None:
    result = rate(photograph, cat)
    assert result.query.common_part is None
    assert result.scores is None


def shown(reference: Pixels, query: Pixels) -> Pixels:
    engine = catalogue()["distance"]
    assert engine.draw is not None
    picture: Pixels = engine.draw(reference, query, rate(reference, query)).pixels
    return picture


def test_the_answer_as_a_picture_frames_the_common_part_on_both(photograph: Pixels) -> None:
    first, second = photograph[:300, :400], photograph[50:250, 100:300]
    picture = shown(first, second)
    assert picture.shape == (300, 400 + 8 + 300, 3)
    is_red = np.linalg.norm(picture.astype(float) - RED, axis=2) < 50
    y, x = np.nonzero(is_red[:, :400] & (picture[:, :400] != first).any(axis=2))
    assert iou(Box(x.min(), y.min(), x.max(), y.max()), Box(100, 50, 300, 250)) > 0.9
    assert is_red[:, 408:].any()


def test_without_a_match_nothing_is_framed(photograph: Pixels, cat: Pixels) -> None:
    picture = shown(photograph, cat)
    assert np.array_equal(picture[:, :512], photograph)


def test_the_pictures_may_be_read_only_views(photograph: Pixels) -> None:
    still = photograph.copy()
    still.flags.writeable = False
    view = still[::-1, 100:]
    assert rate(still, view).decision is Decision.MATCH
    assert shown(still, view).any()
