"""Ink is the rarer side of a line's levels; runs and reach say where it is."""

import numpy as np
import pytest

from engines.core.shapes import Pixels
from engines.vision.ink import ink_of, inked_columns, reach, runs_of


def line(ink: int, paper: int) -> Pixels:
    picture = np.full((20, 60, 3), paper, np.uint8)
    picture[4:15, 10:18] = ink
    picture[6:12, 30:33] = ink
    return picture


@pytest.mark.parametrize(("ink", "paper"), [(20, 240), (240, 20)])
def test_ink_is_what_differs_from_the_paper_whichever_is_darker(ink: int, paper: int) -> None:
    picture = line(ink, paper)
    assert (ink_of(picture) == (picture[..., 0] == ink)).all()


def test_runs_are_the_columns_that_hold_ink() -> None:
    ink = ink_of(line(0, 255))
    assert runs_of(ink).tolist() == [[10, 18], [30, 33]]
    assert inked_columns(ink).sum() == 11


def test_ink_at_the_border_is_a_run_too() -> None:
    assert runs_of(np.ones((3, 5), np.bool_)).tolist() == [[0, 5]]


def test_ink_reaches_from_its_top_to_its_bottom_and_all_over_where_there_is_none() -> None:
    assert reach(ink_of(line(0, 255))) == (4, 15)
    assert reach(np.zeros((7, 9), np.bool_)) == (0, 7)
