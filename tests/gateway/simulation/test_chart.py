"""Curves as SVG."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from gateway.simulation.chart import Curve, chart

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*curves: Curve) -> ElementTree.Element:
    return ElementTree.fromstring(chart("Speed", "clients", "ms", curves))


def points(picture: ElementTree.Element) -> list[list[tuple[float, float]]]:
    lines = [one.attrib["points"].split() for one in picture.iter(f"{SVG}polyline")]
    return [[(float(x), float(y)) for x, y in (p.split(",") for p in line)] for line in lines]


def words(picture: ElementTree.Element) -> list[str]:
    return [str(one.text) for one in picture.iter(f"{SVG}text")]


def test_what_grows_evenly_is_a_straight_line() -> None:
    ((first, second, third),) = points(drawn(Curve("a", [(1, 2), (10, 20), (100, 200)])))
    assert second[0] - first[0] == pytest.approx(third[0] - second[0], abs=0.2)
    assert first[1] - second[1] == pytest.approx(second[1] - third[1], abs=0.2)
    assert first[1] > third[1]  # y points down


def test_all_points_lie_inside_the_picture() -> None:
    curves = [Curve("a", [(0.001, 7), (5, 1e6)]), Curve("b", [(3, 0.02)])]
    assert all(0 < x < 640 and 0 < y < 360 for line in points(drawn(*curves)) for x, y in line)


def test_axes_and_curves_are_named() -> None:
    shown = words(drawn(Curve("p50", [(1, 1), (64, 900)]), Curve("a < b", [(1, 2), (64, 1000)])))
    assert {"Speed", "clients", "ms", "p50", "a < b", "1", "10", "100"} <= {*shown}


def test_names_of_curves_that_end_together_do_not_lie_over_each_other() -> None:
    text = chart("t", "x", "y", [Curve(str(n), [(1, 1), (2, 2 + n / 100)]) for n in range(4)])
    heights = sorted(map(float, re.findall(r'y="([\d.]+)" fill="#\w+" text-anchor="start"', text)))
    assert all(after - before >= 13 for before, after in pairwise(heights))


def test_one_point_alone_has_ticks_around_it() -> None:
    assert "20" in words(drawn(Curve("a", [(20, 20)])))
