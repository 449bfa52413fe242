"""A user's model is tried with pictures of every shape that it will be shown."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engines.core.shapes import Pixels
from engines.models.catalogue import ENTRIES
from engines.models.contract import Answer, find_outputs, try_out
from engines.models.descriptions import Classifier, Description, Detector, Recognizer
from engines.models.misfit import Misfit

NAMES = {entry.name: entry for entry in ENTRIES}


def shown(name: str, description: Description, answer: Any) -> list[Pixels]:
    """The pictures that a model of that name is tried with."""
    pictures: list[Pixels] = []

    def run(tried: Pixels) -> Answer:
        pictures.append(tried)
        return {next(iter(NAMES[name].gives)): np.repeat(np.float32(answer), len(tried), axis=0)}

    try_out(NAMES[name], description, 2, run)
    return pictures


@pytest.mark.parametrize(
    ("unit", "sides"), [(64, (448, 512)), (32, (416, 512)), (96, (480, 576)), (500, (500, 1000))]
)
def test_a_detector_of_multiples_is_tried_with_an_odd_one_wide_and_tall(
    unit: int, sides: tuple[int, int]
) -> None:
    described = Detector(range=(0, 1), size=(512, 512), multiple_of=unit)
    tried = shown("detector", described, [[(0, 0, 400, 400, 0, 0)]])
    assert [one.shape[1:3] for one in tried] == [sides, sides[::-1]]


def test_a_detector_of_one_size_is_tried_with_that() -> None:
    tried = shown("detector", Detector(range=(0, 1), size=(96, 64)), [[(0, 0, 64, 64, 0, 0)]])
    assert [one.shape for one in tried] == [(1, 64, 96, 3)] * 2


def test_a_recogniser_is_tried_with_two_lines_of_its_height() -> None:
    described = Recognizer(range=(0, 1), height=32)
    tried = shown("text_recognizer", described, [[(0.5, 0.5)]])
    assert [one.shape for one in tried] == [(2, 32, 320, 3)] * 2


def test_a_model_is_tried_with_black_and_with_many_colours() -> None:
    black, colours = shown("classifier", Classifier(range=(0, 1), size=(64, 48)), [(0.5, 0.5)])
    assert not black.any()
    assert len(np.unique(colours.reshape(-1, 3), axis=0)) > 100


@pytest.mark.parametrize("type_", ["tensor(string)", "seq(map(int64,tensor(float)))"])
def test_an_output_that_holds_no_numbers_is_refused(type_: str) -> None:
    given = [SimpleNamespace(name="output", type=type_, shape=[1, 2])]
    with pytest.raises(Misfit, match=re.escape(f"its output output is {type_}; expected tensor(")):
        find_outputs(NAMES["classifier"], Classifier(range=(0, 1)), given, 2)
