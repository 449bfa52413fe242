"""What a detector says is read as its description tells, or refused."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.models.descriptions import Detector
from engines.models.misfit import Misfit
from engines.models.objects import examine, frame, read

CANVAS = (64, 32)
BOX = (8.0, 4.0, 24.0, 20.0)
PLACE = {
    "xyxy": BOX,
    "yxyx": (4.0, 8.0, 20.0, 24.0),
    "xywh": (8.0, 4.0, 16.0, 16.0),
    "cxcywh": (16.0, 12.0, 16.0, 16.0),
}


def described(**keys: object) -> Detector:
    return Detector.model_validate({"range": (0, 1), "size": CANVAS} | keys)


def answer(*rows: Any) -> list[NDArray[np.float32]]:
    return [np.array([rows], np.float32)]


def logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


OTHER = (20.0, 2.0, 60.0, 30.0)
LONG = "box, scores"


def parts(*sides: Any) -> list[NDArray[np.float32]]:
    return [np.array(one, np.float32) for one in sides]


@pytest.mark.parametrize(
    ("row", "outputs"),
    [
        ("box, score, class", ([[BOX, OTHER]], [[0.5, 0.2]], [[2, 0]])),
        ("box, class, score", ([[BOX, OTHER]], [[2, 0]], [[0.5, 0.2]])),
        ("box, score, class", ([BOX, OTHER], [0.5, 0.2], [2, 0])),
        ("box, score, class", ([(*BOX, 0.5), (*OTHER, 0.2)], [2, 0])),
        ("box, score, class", ([(*BOX, 0.5, 2), (*OTHER, 0.2, 0)],)),
        (LONG, ([[BOX, OTHER]], [[(0.1, 0.2, 0.5), (0.2, 0.1, 0.0)]])),
        (LONG, ([[*zip(BOX, OTHER, strict=True)]], [[(0.1, 0.2), (0.2, 0.1), (0.5, 0.0)]])),
        ("box, objectness, scores", ([BOX, OTHER], [1, 0.4], [(0.1, 0.2, 0.5), (0.5, 0.1, 0)])),
    ],
)
def test_outputs_lie_side_by_side(row: str, outputs: Any) -> None:
    found = read(parts(*outputs), described(row=row), 3, CANVAS)
    assert found == pytest.approx(np.array([(*BOX, 0.5, 2), (*OTHER, 0.2, 0)]))


@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_outputs_of_any_number_of_rows_are_told_apart(count: int) -> None:
    outputs = parts([BOX] * count or np.zeros((0, 4)), [0.5] * count, [2] * count)
    assert len(read(outputs, described(), 3, CANVAS)) == count


@pytest.mark.parametrize(
    ("outputs", "keys", "said"),
    [
        (
            ([[(0.1, 0.2, 0.5)]], [[BOX]]),
            {"row": LONG},
            "its outputs are [1, 1, 3] and [1, 1, 4]; expected as many rows in each, of 4 + 3 "
            "columns, rows of 'box, scores' for 3 labels",
        ),
        (([[BOX]], [[(0.1, 0.2)]]), {"row": LONG}, "[1, 1, 4] and [1, 1, 2]; expected as many"),
        (([[BOX]], [[(0.1, 0.2, 0.3)] * 2]), {"row": LONG}, "[1, 1, 4] and [1, 2, 3]; expected"),
        (([[BOX]], [[0.5]]), {}, "of 4 + 1 + 1 columns, rows of 'box, score, class' for 3 labels"),
        (
            ([[BOX]], [[(0.1, 0.2, 0.3, 0.4)]]),
            {"row": LONG},
            "; row = 'box, objectness, scores' or background = 'first' or 'last' would fit",
        ),
        (
            ([[BOX]], [[(0.1, 0.2, 0.3)]]),
            {"row": LONG, "background": "last"},
            "of 4 + 4 columns, rows of 'box, scores' for 3 labels and a background",
        ),
        (([[[BOX]]], [[0.5]], [[2]]), {}, "[1, 1, 1, 4] and [1, 1] and [1, 1]; expected as many"),
        (([BOX], 0.5, 2.0), {}, "its outputs are [1, 4] and [] and []; expected as many rows"),
        (([[BOX]] * 2, [[0.5]] * 2, [[2]] * 2), {}, "[2, 1, 4] and [2, 1] and [2, 1]; expected"),
    ],
)
def test_outputs_that_do_not_make_up_the_row_are_refused(
    outputs: Any, keys: Any, said: str
) -> None:
    with pytest.raises(Misfit) as caught:
        read(parts(*outputs), described(**keys), 3, CANVAS)
    assert said in str(caught.value)


@pytest.mark.parametrize(("background", "none"), [("first", 0), ("last", 3)])
def test_of_classes_one_may_be_none_of_the_labels(background: str, none: int) -> None:
    first = int(background == "first")
    rows = answer(*[(*BOX, 0.5, kind) for kind in (none, 2 + first, 0 + first)])
    found = read(rows, described(background=background), 3, CANVAS)
    assert found[:, 4:].tolist() == [[0.5, 2], [0.5, 0]]


@pytest.mark.parametrize(("background", "place"), [("first", 0), ("last", 3)])
def test_logits_that_exclude_each_other_share_with_the_background(
    background: str, place: int
) -> None:
    shares = np.insert([0.1, 0.1, 0.3], place, 0.5)
    keys = {"row": LONG, "background": background, "scores": "exclusive logits"}
    (found,) = read(answer((*BOX, *(np.log(shares) + 3))), described(**keys), 3, CANVAS)
    assert found[4:] == pytest.approx([0.3, 2])


def test_a_background_taken_for_a_label_is_sure_of_nothing() -> None:
    seen = answer(*[(*BOX, 0.99, 0.01, 0, 0)] * 30)
    told = described(row=LONG, background="first")
    examine([seen], [CANVAS], told, 3)
    with pytest.raises(Misfit, match="sure of 30 things in a picture of nothing"):
        examine([seen], [CANVAS], described(row=LONG, background="last"), 3)


@pytest.mark.parametrize("boxes", PLACE)
def test_every_way_of_writing_a_box_is_the_same_box(boxes: str) -> None:
    (row,) = read(answer((*PLACE[boxes], 0.5, 2)), described(boxes=boxes), 3, CANVAS)
    assert row.tolist() == [*BOX, 0.5, 2]


def test_boxes_in_shares_are_of_width_and_height() -> None:
    shares = np.array(BOX) / (64, 32, 64, 32)
    (row,) = read(answer((*shares, 0.5, 2)), described(units="shares"), 3, CANVAS)
    assert row[:4] == pytest.approx(BOX)


@pytest.mark.parametrize(
    ("row", "told", "score"),
    [
        ("box, score, class", (0.5, 2), 0.5),
        ("box, class, score", (2, 0.5), 0.5),
        ("box, scores", (0.1, 0.2, 0.5), 0.5),
        ("box, objectness, scores", (0.5, 0.1, 0.2, 0.5), 0.25),
    ],
)
def test_every_way_of_writing_scores_is_read(row: str, told: Any, score: float) -> None:
    (found,) = read(answer((*BOX, *told)), described(row=row), 3, CANVAS)
    assert found[4:] == pytest.approx([score, 2])


@pytest.mark.parametrize("row", ["box, scores", "box, objectness, scores"])
def test_rows_with_a_score_a_label_may_lie(row: str) -> None:
    upright = answer(*[(*BOX, 0.5, 0.1, 0.2, 0.3)] * 2)
    labels = 4 if row == "box, scores" else 3
    found = [
        read(one, described(row=row), labels, CANVAS)
        for one in (upright, [upright[0].transpose(0, 2, 1)])
    ]
    assert found[0].tolist() == found[1].tolist()


def test_logits_become_probabilities_one_by_one() -> None:
    rows = answer((*BOX, logit(0.5), logit(0.2), logit(0.8)))
    described_ = described(row="box, objectness, scores", scores="logits")
    (found,) = read(rows, described_, 2, CANVAS)
    assert found[4:] == pytest.approx([0.4, 1])


@pytest.mark.parametrize(
    ("rows", "keys", "said"),
    [
        ((*BOX, 4.5, 2), {}, "its scores reach from 4.5 to 4.5, as logits do; expected 0 to 1"),
        ((*BOX, 0.5, 2.5), {}, "its classes are no whole numbers"),
        ((*BOX, np.nan, 2), {}, "its scores reach from nan to nan, which are no numbers"),
        ((*BOX[:3], np.inf, 0.5, 2), {}, "its boxes are no numbers"),
        ((*BOX, 0.5, np.nan), {}, "its classes are no whole numbers"),
        ((*BOX, 0.5, 3), {}, "it gives class 3; its labels are 3"),
        ((*BOX, 0.5, -1), {}, "it gives class -1; its labels are 3"),
        ((0.1, 0.1, 0.4, 0.6, 0.5, 2), {}, "its boxes reach to 0.6; expected units = 'shares'"),
        ((*BOX, 0.5, 2), {"units": "shares"}, "its boxes reach to 24; expected units = 'pixels'"),
        ((*BOX, 0.5), {}, "its output is [1, 1, 5]; expected [1, *, 6], rows of 'box, score, c"),
        ((*BOX, 1, 0, 0), {}, "for 3 labels; row = 'box, scores' would fit"),
        ((*BOX, 1), {"row": "box, scores"}, "expected [1, *, 7] or [1, 7, *]"),
    ],
)
def test_an_answer_that_is_not_as_described_is_refused(rows: Any, keys: Any, said: str) -> None:
    with pytest.raises(Misfit) as caught:
        read(answer(rows), described(**keys), 3, CANVAS)
    assert said in str(caught.value)


def test_rows_and_columns_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(Misfit, match="rows and columns cannot be told apart"):
        read([np.zeros((1, 7, 7), np.float32)], described(row="box, scores"), 3, CANVAS)


@pytest.mark.parametrize("kind", [-1, 1.5, 80])
def test_rows_without_a_score_may_hold_anything_and_are_none(kind: float) -> None:
    rows = answer((*BOX, 0.5, 2), (0, 0, 0, 0, 0, kind))
    assert len(read(rows, described(), 3, CANVAS)) == 1


def test_no_rows_are_no_boxes() -> None:
    assert read([np.zeros((1, 0, 6), np.float32)], described(), 3, CANVAS).shape == (0, 6)
    lying = read([np.zeros((1, 7, 0), np.float32)], described(row="box, scores"), 3, CANVAS)
    assert lying.shape == (0, 6)


def test_boxes_of_another_form_are_refused_when_a_model_is_tried() -> None:
    random = np.random.default_rng(1)
    rows = [(*random.uniform(20, 60, 2), 8, 8, 1e-5, 1e-5, 1e-5) for _ in range(20)]
    seen = answer(*rows)
    examine([seen], [CANVAS], described(row="box, scores", boxes="cxcywh"), 3)
    with pytest.raises(Misfit, match="end before they begin; expected boxes = 'cxcywh'"):
        examine([seen], [CANVAS], described(row="box, scores"), 3)


def test_probabilities_called_logits_are_refused_when_a_model_is_tried() -> None:
    seen = answer((*BOX, 0.5, 2))
    with pytest.raises(Misfit, match=r"from 0\.5 to 0\.5, as probabilities do; expected logits"):
        examine([seen], [CANVAS], described(scores="logits"), 3)


def test_boxes_that_are_still_offsets_from_their_places_are_refused() -> None:
    rows = answer(*[(0.3, -0.7, 2.4, 1.1, 0.0, 2)] * 9)
    with pytest.raises(Misfit, match=r"reach to 2\.4 of 64 px; expected decoded boxes"):
        examine([rows], [CANVAS], described(boxes="cxcywh"), 3)


@pytest.mark.parametrize(("count", "is_refused"), [(10, False), (20, True)])
def test_a_detector_that_sees_much_in_nothing_was_made_for_other_levels(
    count: int, is_refused: bool
) -> None:
    seen = answer(*[(*BOX, 0.95, 2)] * count, (*BOX, 0.01, 2))
    expected = pytest.raises(Misfit, match="sure of 20 things in a picture of nothing")
    with expected if is_refused else nullcontext():
        examine([seen], [CANVAS], described(), 3)


def test_units_are_told_by_boxes_that_nothing_speaks_for() -> None:
    with pytest.raises(Misfit, match=r"reach to 0\.75; expected units = 'shares'"):
        examine([answer((0.25, 0.5, 0.75, 0.75, 0.0, 2))], [CANVAS], described(), 3)


@pytest.mark.parametrize(
    ("keys", "canvas", "inner"),
    [
        ({}, (64, 32), (32, 32)),
        ({"size": (64, 64)}, (64, 64), (64, 64)),
        ({"fit": "stretch"}, (64, 32), (64, 32)),
        ({"size": 96, "multiple_of": 64}, (128, 128), (96, 96)),
        ({"size": 96, "multiple_of": 32, "fit": "stretch"}, (96, 96), (96, 96)),
    ],
)
def test_a_square_is_framed_as_described(keys: Any, canvas: Any, inner: Any) -> None:
    found = frame(described(**keys), (200, 200))
    assert (found.canvas, found.inner) == (canvas, inner)


def test_only_the_shorter_side_is_padded_to_a_multiple() -> None:
    wide = frame(described(size=512, multiple_of=64), (640, 400))
    assert (wide.canvas, wide.inner) == ((512, 320), (512, 320))
    wider = frame(described(size=512, multiple_of=64), (640, 410))
    assert (wider.canvas, wider.inner) == ((512, 384), (512, 328))


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_boxes_come_back_from_where_the_picture_was_shown(fit: str) -> None:
    image = np.zeros((50, 200, 3), np.uint8)
    image[20:40, 40:120] = 255
    placed = frame(described(size=(128, 96), fit=fit), (200, 50))
    shown = placed.shown(image, 0)[..., 0]
    rows, columns = (np.flatnonzero((shown > 127).any(axis=axis)) for axis in (1, 0))
    seen = np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], np.float64)
    assert placed.back(seen)[0] == pytest.approx([40, 20, 120, 40], abs=1.5)


def test_what_is_around_the_picture_has_the_level_that_is_told() -> None:
    shown = frame(described(), (32, 32)).shown(np.zeros((32, 32, 3), np.uint8), 114)
    assert (shown[:, :16] == 114).all()
    assert (shown[:, 16:48] == 0).all()
