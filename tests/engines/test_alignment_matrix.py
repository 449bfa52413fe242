"""Alignment matrix: identity, known motions, exact inverses, refusals, odd pictures."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from engines.alignment_matrix import Params, Result, alignment_matrix
from engines.core.errors import BadParameter, NotAlignable
from engines.core.registry import catalogue
from engines.core.shapes import Pixels
from engines.vision.homography import stretch
from engines.vision.scaling import scaled, size_of

IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1]


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])  # type: ignore[no-untyped-call]


def turned(image: Pixels, degrees: float, scale: float = 1) -> tuple[Pixels, NDArray[np.float64]]:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    warped = cv2.warpAffine(image, matrix, (width, height))
    return np.asarray(warped, np.uint8), np.vstack([matrix, [0, 0, 1]])


def corner_error(result: Result, truth: NDArray[np.float64], image: Pixels) -> float:
    height, width = image.shape[:2]
    outline = np.array([[[0, 0]], [[width, 0]], [[width, height]], [[0, height]]], np.float64)
    found = cv2.perspectiveTransform(outline, np.reshape(result.matrix1, (3, 3)))
    return float(np.linalg.norm(found - cv2.perspectiveTransform(outline, truth), axis=2).mean())


def test_a_picture_and_itself_give_exactly_the_identity(photograph: Pixels) -> None:
    result = alignment_matrix(photograph, photograph.copy(), params=Params())
    assert result.matrix1 == result.matrix2 == IDENTITY


def test_a_picture_saved_again_gives_exactly_the_identity(photograph: Pixels) -> None:
    _, data = cv2.imencode(".jpg", photograph, [cv2.IMWRITE_JPEG_QUALITY, 50])
    again = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    assert alignment_matrix(photograph, again, params=Params()).matrix1 == IDENTITY


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (300, 1), (60, 80)])
def test_two_flat_pictures_of_one_colour_give_the_identity(size: tuple[int, int]) -> None:
    flat = np.full((*size, 3), 90, np.uint8)
    result = alignment_matrix(flat, flat.copy(), params=Params())
    assert result.matrix1 == IDENTITY
    assert result.details.info.inliers == 0


@pytest.mark.parametrize(("x", "y"), [(1, 0), (-3, 2), (17, -9), (120, 60)])
def test_a_shift_shows_as_that_shift(photograph: Pixels, x: int, y: int) -> None:
    first = photograph[70:440, 130:380]
    second = photograph[70 - y : 440 - y, 130 - x : 380 - x]
    result = alignment_matrix(first, second, params=Params())
    truth = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
    assert corner_error(result, truth, first) < 0.5


@pytest.mark.parametrize("resolution", [100, 300, 512, 1600])
def test_the_matrix_is_in_original_pixels_at_any_resolution(
    photograph: Pixels, resolution: int
) -> None:
    image = np.repeat(np.repeat(photograph, 2, axis=0), 2, axis=1)
    second, truth = turned(image, 20)
    result = alignment_matrix(image, second, params=Params(resolution=resolution))
    assert corner_error(result, truth, image) < 0.5 * 1024 / min(resolution, 1024)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_turned_and_scaled_photographs_are_aligned(photograph: Pixels, scale: float) -> None:
    second, truth = turned(photograph, 40, scale)
    darker = (second * 0.6).astype(np.uint8)
    result = alignment_matrix(photograph, darker, params=Params())
    assert corner_error(result, truth, photograph) < 1


def test_the_second_matrix_is_exactly_the_inverse(photograph: Pixels) -> None:
    second, _ = turned(photograph, 12)
    result = alignment_matrix(photograph, second, params=Params())
    product = np.reshape(result.matrix1, (3, 3)) @ np.reshape(result.matrix2, (3, 3))
    assert np.abs(product - np.eye(3)).max() < 1e-12
    assert result.matrix1[8] == 1


def test_the_same_pictures_give_the_same_matrix_again(photograph: Pixels) -> None:
    second, _ = turned(photograph, 31, 0.8)
    once, twice = (alignment_matrix(photograph, second, params=Params()) for _ in range(2))
    assert once.matrix1 == twice.matrix1


def test_pictures_of_different_size_are_aligned(photograph: Pixels) -> None:
    small = photograph[::2, ::2]
    result = alignment_matrix(photograph, small, params=Params())
    assert result.matrix1[0] == pytest.approx(0.5, abs=1e-3)


def test_a_drawn_page_with_a_new_part_is_left_in_place(page: Pixels) -> None:
    second = page.copy()
    cv2.rectangle(second, (340, 60), (560, 220), (0, 0, 255), -1)
    assert alignment_matrix(page, second, params=Params()).matrix1 == IDENTITY


def test_a_shifted_drawn_page_shows_the_shift(page: Pixels) -> None:
    result = alignment_matrix(page, np.roll(page, 7, axis=1), params=Params())
    assert result.matrix1 == pytest.approx([1, 0, 7, 0, 1, 0, 0, 0, 1], abs=0.05)


def mirrored(image: Pixels) -> Pixels:
    return np.ascontiguousarray(image[:, ::-1])


def other(image: Pixels) -> Pixels:
    return np.ascontiguousarray(skimage.data.chelsea()[:, :, ::-1])  # type: ignore[no-untyped-call]


def blank(image: Pixels) -> Pixels:
    return np.full_like(image, 128)


def noise(image: Pixels) -> Pixels:
    return np.random.default_rng(2026).integers(0, 256, image.shape, np.uint8)


def text_field() -> Pixels:
    field = np.full((24, 300, 3), 255, np.uint8)
    cv2.rectangle(field, (0, 0), (299, 23), (170, 170, 170), 1)
    cv2.putText(field, "Harbour", (8, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1)
    return field


def code() -> Pixels:
    modules = np.random.default_rng(2026).integers(0, 2, (29, 29)).astype(np.uint8) * 255
    return np.repeat(np.repeat(np.stack([modules] * 3, axis=2), 6, axis=0), 6, axis=1)


def grain() -> Pixels:
    return noise(np.empty((90, 120, 3), np.uint8))


def sparse_screen() -> Pixels:
    screen = np.full((540, 960, 3), 245, np.uint8)
    for x, y, colour in ((200, 150, (200, 90, 30)), (520, 300, (40, 40, 200)), (700, 410, 60)):
        cv2.rectangle(screen, (x, y), (x + 90, y + 31), colour, -1)
    cv2.putText(screen, "7", (330, 260), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1)
    return screen


@pytest.mark.parametrize("draw", [text_field, code, grain, sparse_screen])
def test_a_drawing_and_itself_give_exactly_the_identity(draw: Callable[[], Pixels]) -> None:
    assert aligned(draw(), draw()) == IDENTITY


@pytest.mark.parametrize("factor", [0.5, 1.5, 2])
@pytest.mark.parametrize("draw", [text_field, code, sparse_screen])
def test_a_drawing_at_another_scale_shows_that_scale(
    draw: Callable[[], Pixels], factor: float
) -> None:
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    size = scaled(size_of(draw()), factor)
    other = np.asarray(cv2.resize(draw(), size, interpolation=interpolation), np.uint8)
    whole = stretch(size_of(draw()), size_of(other))
    assert np.allclose(aligned(draw(), other), whole.ravel(), atol=1e-9)


def test_a_part_cut_from_a_sparse_screen_shows_its_place() -> None:
    part = sparse_screen()[90:500, 130:]
    assert aligned(sparse_screen(), part) == [1, 0, -130, 0, 1, -90, 0, 0, 1]


def test_a_shift_is_found_where_little_of_the_screen_is_left() -> None:
    moved = np.full_like(sparse_screen(), 245)
    moved[:340, :560] = sparse_screen()[200:, 400:]
    assert aligned(sparse_screen(), moved) == [1, 0, -400, 0, 1, -200, 0, 0, 1]


def test_a_form_that_is_filled_in_stays_in_place() -> None:
    form = np.full((300, 300, 3), 255, np.uint8)
    cv2.rectangle(form, (20, 60), (280, 100), (0, 0, 0), 1)
    filled = cv2.putText(form.copy(), "paid", (30, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (90, 0, 0))
    assert aligned(form, np.asarray(filled, np.uint8)) == IDENTITY


def board(seed: int = 2026) -> Pixels:
    """Conductors from pad to pad of a grid: most of it looks the same one mesh off."""
    random = np.random.default_rng(seed)
    image = np.zeros((620, 620, 3), np.uint8)
    for y, x in np.ndindex(14, 14):
        pad = (40 + 40 * x, 40 + 40 * y)
        if random.random() < 0.6:
            across, down = (int(one) for one in 40 * random.integers(-3, 4, 2))
            course = np.array([pad, (pad[0] + across, pad[1]), (pad[0] + across, pad[1] + down)])
            cv2.polylines(image, [course], False, (255, 255, 255), 8, cv2.LINE_AA)
        cv2.circle(image, pad, 9, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(image, pad, 4, (0, 0, 0), -1, cv2.LINE_AA)
    return image


def plate(text: str = "R", ground: int = 200, height: int = 240, width: int = 360) -> Pixels:
    image = np.full((height, width, 3), ground, np.uint8)
    scale = height / 80
    place = (width // 3, height * 2 // 3)
    cv2.putText(image, text, place, 0, scale, (30, 30, 120), max(1, round(3 * scale)), cv2.LINE_AA)
    return image


def turned_on_its_ground(image: Pixels, degrees: float) -> tuple[Pixels, NDArray[np.float64]]:
    """About the middle, on a sheet that holds all of it."""
    height, width = image.shape[:2]
    side = round(float(np.hypot(height, width)))
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), degrees, 1)
    matrix[:, 2] += ((side - width) / 2, (side - height) / 2)
    ground = tuple(int(level) for level in image[0, 0])
    laid = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_CUBIC, borderValue=ground)
    return np.asarray(laid, np.uint8), np.vstack([matrix, [0, 0, 1]])


@pytest.mark.parametrize(("x", "y"), [(0, 40), (37, -53), (-80, 6)])
def test_a_grid_is_not_laid_one_mesh_off(x: int, y: int) -> None:
    whole, width = board(), 480
    first = whole[80 : 80 + width, 80 : 80 + width]
    second = whole[80 - y : 80 - y + width, 80 - x : 80 - x + width]
    assert aligned(first, second) == [1, 0, x, 0, 1, y, 0, 0, 1]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_board_by_quarter_turns_is_turned(quarters: int) -> None:
    result = alignment_matrix(board(), turned_by_quarters(board(), quarters), params=Params())
    turn = np.array([[0, 1, 0], [-1, 0, 619], [0, 0, 1]], np.float64)
    truth = np.linalg.matrix_power(turn, quarters)
    assert corner_error(result, truth, board()) < 0.5


def turned_by_quarters(image: Pixels, quarters: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(image, quarters))


@pytest.mark.parametrize("degrees", [-35, 12, 28])
@pytest.mark.parametrize("height", [60, 240, 900])
def test_a_lone_letter_is_aligned_as_it_is_turned(height: int, degrees: float) -> None:
    image = plate(height=height, width=height * 3 // 2)
    second, truth = turned_on_its_ground(image, degrees)
    result = alignment_matrix(image, second, params=Params())
    assert corner_error(result, truth, image) < max(2, 0.005 * len(second))


def test_a_letter_that_is_no_darker_than_its_ground_is_aligned() -> None:
    red = np.full((300, 400, 3), (0, 0, 150), np.uint8)
    cv2.putText(red, "G", (60, 170), 0, 5, (150, 47, 0), 12, cv2.LINE_AA)
    assert np.ptp(cv2.cvtColor(red, cv2.COLOR_BGR2GRAY)) < 16
    assert aligned(red[20:280, :350], red[:260, 50:]) == [1, 0, -50, 0, 1, 20, 0, 0, 1]


@pytest.mark.parametrize("side", [24, 32, 48])
def test_tiny_photographs_are_aligned(photograph: Pixels, side: int) -> None:
    small = cv2.resize(photograph, (side, side), interpolation=cv2.INTER_AREA)
    quarter = turned_by_quarters(np.asarray(small, np.uint8), 1)
    result = alignment_matrix(np.asarray(small, np.uint8), quarter, params=Params())
    truth = np.array([[0, 1, 0], [-1, 0, side - 1], [0, 0, 1]], np.float64)
    assert corner_error(result, truth, quarter) < 1


def test_a_tiny_picture_whose_sides_were_rounded_is_stretched() -> None:
    image = plate(height=60, width=42)
    small = np.asarray(cv2.resize(image, (17, 25), interpolation=cv2.INTER_AREA), np.uint8)
    whole = stretch(size_of(image), size_of(small))
    assert np.allclose(aligned(image, small), whole.ravel(), atol=1e-9)


def aligned(first: Pixels, second: Pixels) -> list[float]:
    return alignment_matrix(first, second, params=Params()).matrix1


@pytest.mark.parametrize("change", [mirrored, other, blank, noise])
def test_pictures_without_a_common_part_are_refused(
    photograph: Pixels, change: Callable[[Pixels], Pixels]
) -> None:
    with pytest.raises(NotAlignable, match="no common part"):
        alignment_matrix(photograph, change(photograph), params=Params())


def sheet(word: str = "", place: tuple[int, int] = (50, 100)) -> Pixels:
    """Nearly empty: level for level most of it is the same whatever is written."""
    paper = np.full((300, 400, 3), 240, np.uint8)
    cv2.putText(paper, word, place, cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2, cv2.LINE_AA)
    return paper


def test_nearly_empty_sheets_with_nothing_alike_are_refused() -> None:
    with pytest.raises(NotAlignable, match="nothing that is the same"):
        aligned(sheet("Hello"), sheet("World", (200, 250)))


def test_a_word_written_on_an_empty_sheet_leaves_it_in_place() -> None:
    assert aligned(sheet(), sheet("Hello")) == IDENTITY
    assert aligned(sheet("Hello"), sheet()) == IDENTITY


def test_a_second_word_leaves_the_sheet_in_place() -> None:
    both = np.minimum(sheet("Hello"), sheet("World", (200, 250)))
    assert aligned(sheet("Hello"), both) == IDENTITY


def test_the_first_picture_is_returned_as_it_lies_on_the_second(photograph: Pixels) -> None:
    second, _ = turned(photograph, 15)
    result = alignment_matrix(photograph, second, params=Params(return_image=True))
    assert result.image is not None
    apart = cv2.absdiff(result.image.pixels, second)[100:400, 100:400]
    assert apart.mean() < 2


def test_the_picture_is_absent_unless_asked_for(photograph: Pixels) -> None:
    result = alignment_matrix(photograph, photograph, params=Params())
    assert set(result.model_dump()) == {"matrix1", "matrix2"}


def test_the_answer_as_a_picture_is_the_warped_one(photograph: Pixels) -> None:
    engine = catalogue()["alignment_matrix"]
    assert engine.draw is not None
    second = np.roll(photograph, 40, axis=1)[:300]
    result = alignment_matrix(photograph, second, params=Params())
    shown = engine.draw(photograph, second, result).pixels
    assert shown.shape == second.shape
    assert cv2.absdiff(shown, second)[:, 45:].mean() < 2


def test_read_only_views_are_aligned_as_their_copies_are(photograph: Pixels) -> None:
    first, second = photograph[::-2, ::2], photograph[-41::-2, 14::2]
    first.flags.writeable = second.flags.writeable = False
    views = alignment_matrix(first, second, params=Params(return_image=True))
    copies = alignment_matrix(first.copy(), second.copy(), params=Params())
    assert views.matrix1 == copies.matrix1


def test_a_grey_picture_shows_its_shift(photograph: Pixels) -> None:
    grey = np.dstack([photograph[..., 1]] * 3)
    result = alignment_matrix(grey[:-20, :-30], grey[20:, 30:], params=Params())
    truth = np.array([[1, 0, -30], [0, 1, -20], [0, 0, 1]], np.float64)
    assert corner_error(result, truth, grey) < 0.5


def test_a_finer_look_finds_more_points(photograph: Pixels) -> None:
    second, _ = turned(photograph, 20)
    looks = [Params(resolution=side) for side in (150, 300, 500)]
    found = [alignment_matrix(photograph, second, params=one).details.info for one in looks]
    assert found[0].inliers < found[1].inliers < found[2].inliers


def test_noise_leaves_points_further_from_where_they_are_put(photograph: Pixels) -> None:
    second, _ = turned(photograph, 20)
    noise = np.random.default_rng(2026).normal(0, 25, second.shape)
    noisy = np.clip(second + noise, 0, 255).astype(np.uint8)
    clean, disturbed = (
        alignment_matrix(photograph, one, params=Params()).details.info for one in (second, noisy)
    )
    assert 0 < clean.residual < disturbed.residual < 1


@pytest.mark.parametrize("resolution", ["63", "1601", "1_0", "wide"])
def test_a_resolution_out_of_range_is_refused(resolution: str) -> None:
    with pytest.raises(BadParameter, match="resolution"):
        Params.from_text({"resolution": resolution})
