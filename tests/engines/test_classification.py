"""Classification names what a picture shows."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from engines.classification import Params, classification, draw
from engines.core.errors import BadParameter, ModelUnavailable
from engines.core.registry import engine_named
from engines.core.shapes import Pixels
from engines.models import weights
from engines.models.weights import Label, ModelFiles
from tests.engines.drawing import photograph
from tests.engines.models.networks import means, placed
from tests.pictures import encoded


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return photograph("chelsea.png")


def names(image: Pixels, **params: float | bool) -> list[str]:
    found = classification(image, params=Params.model_validate(params))
    return [label.description for label in found.labels]


def test_a_cat_is_called_a_cat(cat: Pixels) -> None:
    assert {"Tiger cat", "Egyptian cat", "Tabby cat"} == set(names(cat)[:3])


def test_a_cup_of_coffee_is_espresso() -> None:
    assert names(photograph("coffee.png"))[0] == "Espresso"


def test_a_label_has_its_machine_id_where_one_is_known() -> None:
    espresso = classification(photograph("coffee.png"), params=Params()).labels[0]
    assert espresso.mid == "/m/0ctfk"
    labels = weights.model("classifier").labels
    assert sum(bool(label.mid) for label in labels) == 620
    assert len({label.mid for label in labels if label.mid}) == 620


def test_labels_are_best_first_and_add_up_to_one_at_most(cat: Pixels) -> None:
    scores = [one.score for one in classification(cat, params=Params(min_score=0)).labels]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1


def test_labels_below_the_least_score_are_left_out(cat: Pixels) -> None:
    assert all(one.score >= 0.2 for one in classification(cat, params=Params(min_score=0.2)).labels)
    assert names(cat, min_score=1) == []


def test_there_are_at_most_so_many_labels(cat: Pixels) -> None:
    assert len(names(cat, min_score=0)) == 10
    assert len(names(cat, min_score=0, max_results=3)) == 3


def test_parents_follow_the_label_they_come_from_once(cat: Pixels) -> None:
    found = names(cat, parents=True, max_results=20)
    assert found[1:4] == ["Domestic cat", "Cat", "Feline"]
    assert len(found) == len(set(found))
    assert found.index("Egyptian cat") > found.index("Animal")


def test_parents_keep_the_order_best_first_and_the_limit(cat: Pixels) -> None:
    labels = classification(cat, params=Params(parents=True)).labels
    assert len(labels) == 10
    assert [one.score for one in labels] == sorted((one.score for one in labels), reverse=True)


def test_a_machine_id_is_given_only_where_one_is_known(cat: Pixels) -> None:
    labels = classification(cat, params=Params(parents=True)).labels
    known = {one.description: one.mid for one in labels}
    assert known["Domestic cat"] == "/m/01yrx"
    assert known["Tiger cat"] is None


def test_descriptions_are_unique_and_capitalised() -> None:
    labels = [label.name for label in weights.model("classifier").labels]
    assert len(set(labels)) == 1000
    assert [name for name in labels if not name[0].isupper()] == ["iPod"]


def test_details_name_model_and_device(cat: Pixels) -> None:
    details = classification(cat, params=Params()).details
    assert details.message == "Found 3 labels"
    assert (details.info.model, details.info.device) == ("EfficientNet-Lite0", "CPU")


@pytest.fixture
def sure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the network believe in labels, each of one parent, as a test says."""

    def let(*scores: float) -> None:
        labels = tuple(
            Label(f"Leaf {place}", parents=(Label(f"Parent {place}"),))
            for place in range(len(scores))
        )
        stand_in = SimpleNamespace(
            title="",
            device="CPU",
            labels=labels,
            description=weights.model("classifier").description,
            run=lambda inputs: np.array([scores], np.float32),
        )
        monkeypatch.setattr(weights, "model", lambda name: stand_in)

    return let


GREY = np.full((8, 8, 3), 128, np.uint8)


def test_a_label_of_just_the_least_score_is_listed(sure: Callable[..., None]) -> None:
    sure(0.25, 0.5, 0.125, 0.125)
    assert names(GREY, min_score=0.25) == ["Leaf 1", "Leaf 0"]
    assert names(GREY, min_score=0.125) == ["Leaf 1", "Leaf 0", "Leaf 2", "Leaf 3"]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_limit_counts_parents_too(sure: Callable[..., None], count: int) -> None:
    sure(0.25, 0.75)
    expected = ["Leaf 1", "Parent 1", "Leaf 0", "Parent 0"]
    assert names(GREY, parents=True, max_results=count) == expected[:count]


def test_a_single_label_is_one_label(sure: Callable[..., None]) -> None:
    sure(0.75, 0.25)
    found = classification(GREY, params=Params(max_results=1))
    assert found.details.message == "Found 1 label"


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (8, 8)])
def test_any_size_is_answered(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 90, np.uint8)
    assert len(names(image, min_score=0)) == 10


def test_the_picture_is_left_alone_and_may_be_a_view(cat: Pixels) -> None:
    view = cat[::-1, ::-1]
    before = view.copy()
    classification(view, params=Params())
    assert np.array_equal(view, before)


def test_a_large_jpeg_is_looked_at_at_half_its_size(cat: Pixels) -> None:
    large = cv2.resize(cat, (4000, 2664), interpolation=cv2.INTER_CUBIC)
    (taken,) = engine_named("classification").inputs
    reduced = taken.decoder.decode(encoded("JPEG", np.asarray(large[..., ::-1], np.uint8)))
    assert reduced.shape == (1332, 2000, 3)
    assert set(names(reduced)[:3]) == set(names(cat)[:3])


def test_the_drawing_lists_labels_on_the_picture(cat: Pixels) -> None:
    shown = draw(cat, classification(cat, params=Params())).pixels
    assert shown.shape == cat.shape
    assert (shown[:60, :200] != cat[:60, :200]).any()
    assert np.array_equal(shown[150:], cat[150:])


@pytest.mark.parametrize(
    "field", [{"min_score": "1.1"}, {"max_results": "0"}, {"max_results": "101"}, {"parents": "2"}]
)
def test_parameters_out_of_range_are_refused(field: dict[str, str]) -> None:
    with pytest.raises(BadParameter):
        Params.from_text(field)


@pytest.fixture
def brought(tmp_path: Path) -> Iterator[Any]:
    """Bring a classifier of one's own, which gives the mean of each channel that it is shown."""

    def bring(description: str, takes: Sequence[int | str] = (1, 3, 16, 16)) -> None:
        file = placed(tmp_path, means(takes), description)
        (tmp_path / "labels.json").write_text('["first", "second", "third"]')
        weights.configure({"classifier": ModelFiles(file, tmp_path / "labels.json")})

    yield bring
    weights.configure({})


def scores(image: Pixels) -> dict[str, float]:
    result = classification(image, params=Params(min_score=0))
    return {one.description: one.score for one in result.labels}


BLUE = np.full((40, 60, 3), (255, 51, 0), np.uint8)


def test_an_own_classifier_is_shown_the_levels_and_colours_that_it_was_made_for(
    brought: Any,
) -> None:
    brought("range = [0, 1]")
    assert scores(BLUE) == pytest.approx({"first": 0, "second": 0.2, "third": 1}, abs=1e-6)
    brought("range = [0, 1]\ncolour = 'BGR'")
    assert scores(BLUE) == pytest.approx({"first": 1, "second": 0.2, "third": 0}, abs=1e-6)


def test_logits_of_a_torchvision_export_become_shares(brought: Any) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    brought(f"range = [0, 1]\nmean = {[*mean]}\nstd = {[*std]}\nscores = 'logits'")
    powers = np.exp((np.array([0, 0.2, 1]) - mean) / std)
    expected = dict(zip(("first", "second", "third"), powers / powers.sum(), strict=True))
    assert scores(BLUE) == pytest.approx(expected, abs=1e-4)


def test_independent_logits_become_probabilities_one_by_one(brought: Any) -> None:
    brought("range = [-1, 1]\nscores = 'independent logits'")
    expected = {
        "first": 1 / (1 + math.e),
        "second": 1 / (1 + np.exp(0.6)),
        "third": 1 / (1 + 1 / math.e),
    }
    assert scores(BLUE) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("keys", "share"), [("", (50 / 87.5) ** 2), ("crop = 0.5", 1), ("fit = 'stretch'", 1 / 8)]
)
def test_as_much_of_the_picture_is_shown_as_described(
    brought: Any, keys: str, share: float
) -> None:
    """A red square of 50 px in the middle of 100 x 200 px."""
    image = np.zeros((100, 200, 3), np.uint8)
    image[25:75, 75:125, 2] = 255
    brought(f"range = [0, 1]\nsize = 64\n{keys}", (1, 3, "H", "W"))
    assert scores(image)["first"] == pytest.approx(share, abs=0.02)


def test_a_classifier_of_another_shape_is_shown_a_middle_of_that_shape(brought: Any) -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, 50:150, 2] = 255
    brought("range = [0, 1]\nsize = [128, 64]\ncrop = 1", (1, 3, "H", "W"))
    assert scores(image)["first"] == pytest.approx(0.5, abs=0.02)


def test_scores_that_the_trial_did_not_show_are_refused_and_not_clamped(brought: Any) -> None:
    brought("range = [0, 1.9]")
    with pytest.raises(ModelUnavailable, match=r"scores reach from 0 to 1\.9, as logits do"):
        scores(np.full((16, 16, 3), (255, 0, 0), np.uint8))
