"""Lines are read column after column, tables row by row."""

import numpy as np
import pytest

from engines.models.lines import Corners, Line, Word, in_reading_order, moved
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


def test_the_pieces_of_a_row_become_one_line_around_all_of_them() -> None:
    (row,) = in_reading_order([line("2.50", 300, 3, width=40), line("Coffee", 0, 0, width=80)])
    assert [word.text for word in row.words] == ["Coffee", "2.50"]
    assert row.corners.tolist() == [[0, 0], [340, 3], [340, 23], [0, 20]]


def test_a_moved_line_takes_its_words_along() -> None:
    quarter_turn = np.array([[0, -1, 100], [1, 0, 0.0]])
    one = moved(line("a", 10, 20, width=30, height=5), quarter_turn)
    expected = [[80, 10], [80, 40], [75, 40], [75, 10]]
    assert one.corners.tolist() == one.words[0].corners.tolist() == expected


def test_short_lines_askew_do_not_tilt_the_page() -> None:
    askew = tilted(line("stamp", 0, 0, width=30), -40)
    stamps = [Line(askew.words, askew.corners + np.array([40 * place, 300])) for place in range(9)]
    rows = [
        line(f"{row}{side}", 300 * (side == "r"), 30 * row) for row in range(3) for side in "lr"
    ]
    assert order([*stamps, *rows])[:6] == ["0l", "1l", "2l", "0r", "1r", "2r"]


def test_lines_whose_ascenders_touch_the_line_above_are_lines_of_their_own() -> None:
    lines = [line(text, 0, 17 * row) for row, text in enumerate("abc")]
    assert order(lines[::-1]) == ["a", "b", "c"]
