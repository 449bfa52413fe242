"""Lines are read column after column, tables row by row."""

import numpy as np
import pytest

from engines.models.lines import Corners, Line, Word, in_reading_order
from engines.vision.boxes import corners


def line(text: str, left: float, top: float, width: float = 200, height: float = 20) -> Line:
    outline = corners(left, top, left + width, top + height)
    return Line((Word(text, 1.0, outline),), outline)


def tilted(one: Line, degrees: float) -> Line:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    outline: Corners = one.corners @ np.array([[cos, -sin], [sin, cos]])
    return Line(one.words, outline)


def order(lines: list[Line]) -> list[str]:
    return [one.text for one in in_reading_order(lines)]


def test_no_lines_are_in_order() -> None:
    assert order([]) == []


def test_lines_are_read_from_top_to_bottom() -> None:
    assert order([line("b", 0, 40), line("c", 0, 80), line("a", 0, 0)]) == ["a", "b", "c"]


COLUMNS = [
    line("title", 50, 0, width=400),
    *(line(f"l{row}", 0, 40 + 30 * row) for row in range(3)),
    *(line(f"r{row}", 300, 40 + 30 * row) for row in range(3)),
    line("foot", 0, 150, width=500),
]


@pytest.mark.parametrize("degrees", [0, 5, -5])
def test_columns_are_read_one_after_the_other_between_head_and_foot(degrees: float) -> None:
    found = order([tilted(one, degrees) for one in reversed(COLUMNS)])
    assert found == ["title", "l0", "l1", "l2", "r0", "r1", "r2", "foot"]


def test_columns_whose_lines_do_not_align_are_still_columns() -> None:
    lines = [line(f"l{row}", 0, 30 * row) for row in range(3)]
    lines += [line(f"r{row}", 300, 13 + 30 * row) for row in range(3)]
    assert order(lines) == ["l0", "l1", "l2", "r0", "r1", "r2"]


def test_a_table_is_read_in_rows() -> None:
    rows = [("Coffee", "2.50"), ("Tea", "1.80"), ("Total", "4.30")]
    lines = [line(name, 0, 30 * place, width=80) for place, (name, _) in enumerate(rows)]
    lines += [line(price, 300, 30 * place, width=40) for place, (_, price) in enumerate(rows)]
    assert order(lines) == ["Coffee 2.50", "Tea 1.80", "Total 4.30"]
