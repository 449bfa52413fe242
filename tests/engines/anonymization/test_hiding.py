"""Hidden regions of drawn pictures: what stays as it was, and what cannot be told any more."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.anonymization.hiding import MOST_CELLS, Kernel, Method, hide
from engines.anonymization.sighting import Kind, Sighting, boxed
from engines.anonymize import Params
from engines.core.shapes import Box

PLATE = boxed(Kind.LICENSE_PLATE, Box(40, 20, 120, 100), 0.9, "drawn")
METHODS = (Method.BLUR, Method.PIXELATE, Method.BLACKEN)
FINEST = Kernel()
SHAPES = ((120, 160), (120, 160, 3), (120, 160, 4))


def noise(
    shape: tuple[int, ...], dtype: type[np.uint8 | np.uint16] = np.uint8, seed: int = 1
) -> NDArray[Any]:
    most = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(1, most, shape, dtype, endpoint=True)


def only(method: Method, samples: NDArray[Any], kernel: Kernel = FINEST) -> NDArray[Any]:
    return hide(samples, [PLATE], method, {Kind.LICENSE_PLATE: kernel}, [])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("method", METHODS)
def test_the_region_changes_and_nothing_around_it(
    method: Method, dtype: type[np.uint8 | np.uint16], shape: tuple[int, ...]
) -> None:
    samples = noise(shape, dtype)
    hidden = only(method, samples)
    is_same = (hidden == samples).reshape(120, 160, -1).all(axis=2)
    assert hidden.dtype == dtype
    assert is_same[20:100, 40:120].mean() < 0.02
    is_same[20:100, 40:120] = True
    assert is_same.all()


@pytest.mark.parametrize("method", METHODS)
def test_what_has_the_same_means_cannot_be_told_apart(method: Method) -> None:
    lines = np.tile(np.array([[0, 200]], np.uint8), (120, 80))
    flat = np.full((120, 160), 100, np.uint8)
    assert (only(method, lines) == only(method, flat))[20:100, 40:120].all()


@pytest.mark.parametrize("share", [1e-6, 0.01, 0.35, 1, 10])
def test_no_kernel_leaves_more_than_the_most_cells(share: float) -> None:
    hidden = only(Method.PIXELATE, noise((120, 160)), Kernel(share=share))
    colours = np.unique(hidden[20:100, 40:120])
    assert len(colours) <= MOST_CELLS[Kind.LICENSE_PLATE] ** 2


def test_a_kernel_of_pixels_makes_cells_of_that_size() -> None:
    person = boxed(Kind.PERSON, Box(0, 0, 160, 120), 0.9, "drawn")
    kernels = {Kind.PERSON: Kernel(px=40)}
    hidden = hide(noise((120, 160)), [person], Method.PIXELATE, kernels, [])
    cells = hidden.reshape(3, 40, 4, 40)
    assert (cells == cells[:, :1, :, :1]).all()
    assert len(np.unique(hidden)) > 1


@pytest.mark.parametrize(("size", "cells"), [(1, 8), (20, 8), (40, 4), (80, 2), (1001, 1)])
def test_the_kernel_of_vehicles_sets_how_many_cells_a_vehicle_has(size: int, cells: int) -> None:
    vehicle = boxed(Kind.VEHICLE, Box(0, 0, 160, 160), 0.9, "drawn")
    kernels = Params(kernel_size_vehicle=size).kernels
    hidden = hide(noise((160, 160)), [vehicle], Method.PIXELATE, kernels, [])
    side = 160 // cells
    assert (hidden == np.kron(hidden[::side, ::side], np.ones((side, side), np.uint8))).all()
    assert len(np.unique(hidden)) > (cells - 1) ** 2 // 4


@pytest.mark.parametrize("method", [Method.BLUR, Method.PIXELATE])
@pytest.mark.parametrize("kind", Kind)
def test_no_pixel_of_a_tiny_region_is_a_cell_of_its_own(kind: Kind, method: Method) -> None:
    tiny = boxed(kind, Box(10, 10, 14, 14), 0.9, "drawn")
    hidden = hide(noise((120, 160)), [tiny], method, {}, [])
    assert len(np.unique(hidden[10:14, 10:14])) == 1


@pytest.mark.parametrize("method", [Method.BLUR, Method.PIXELATE])
def test_the_coarser_of_two_regions_lies_above_whatever_their_order(method: Method) -> None:
    samples = noise((120, 160))
    around = boxed(Kind.PERSON, Box(30, 10, 130, 110), 0.5, "drawn")
    hidden, other = (
        hide(samples, found, method, {Kind.LICENSE_PLATE: Kernel(share=1)}, [])
        for found in ([PLATE, around], [around, PLATE])
    )
    assert (hidden == other).all()
    assert len(np.unique(hidden[20:100, 40:120])) == 1


def test_a_blur_begins_softly_outside_of_the_region() -> None:
    samples = np.zeros((120, 160), np.uint8)
    samples[20:100, 40:120] = 250
    hidden = only(Method.BLUR, samples, Kernel(share=1, start=0.25))
    row = hidden[60].astype(int)
    assert row[19] == 0
    assert (np.diff(row[19:40]) >= 0).all()
    assert 0 < row[30] < row[39] <= row[40]
    assert row[40] == row[79]


def test_a_blur_that_is_whole_further_inside_thins_the_rim() -> None:
    samples = np.zeros((120, 160), np.uint8)
    samples[20:100, 40:120] = np.tile([0, 240], 40)
    hidden = only(Method.BLUR, samples, Kernel(share=1, stop=0.25))
    assert len(np.unique(hidden[40:80, 60:100])) == 1
    assert hidden[60, 42] < 60
    assert hidden[60, 43] > 180


def test_black_is_opaque() -> None:
    samples = noise((120, 160, 4))
    assert (only(Method.BLACKEN, samples)[20:100, 40:120] == [0, 0, 0, 255]).all()


def test_transparent_pixels_lose_their_colours() -> None:
    samples = noise((120, 160, 4))
    samples[:10, :, 3] = 0
    hidden = only(Method.BLUR, samples)
    assert not hidden[:10].any()
    assert (hidden[10:20] == samples[10:20]).all()


def test_alpha_within_a_region_is_hidden_too() -> None:
    samples = np.full((120, 160, 4), 255, np.uint8)
    samples[20:100, 40:120, 3] = np.tile([155, 255], 40)
    assert (only(Method.BLUR, samples)[20:100, 40:120, 3] == 205).all()


def test_nothing_is_hidden_where_regions_are_ignored() -> None:
    samples = noise((120, 160))
    ignored = np.array([[60, 40], [79, 40], [79, 59], [60, 59]], np.int32)
    kernels = {Kind.LICENSE_PLATE: Kernel(start=0.3)}
    hidden = hide(samples, [PLATE], Method.BLUR, kernels, [ignored])
    assert (hidden[40:60, 60:80] == samples[40:60, 60:80]).all()
    assert (hidden[40:60, 80:100] != samples[40:60, 80:100]).any()


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(159, 119, 160, 120), Box(0, 7, 160, 8)])
def test_a_region_of_one_pixel_or_row_at_the_border_is_hidden(box: Box) -> None:
    samples = noise((120, 160))
    tiny = boxed(Kind.LICENSE_PLATE, box, 0.5, "drawn")
    kernels = {Kind.LICENSE_PLATE: Kernel(share=0.35, start=10)}
    assert hide(samples, [tiny], Method.BLUR, kernels, []).shape == samples.shape
    black = hide(samples, [tiny], Method.BLACKEN, kernels, [])
    assert not black[box.top : box.bottom, box.left : box.right].any()


def test_a_polygon_is_hidden_within_its_outline_alone() -> None:
    triangle = Sighting.outlined(Kind.REGION, [[10, 10], [90, 10], [10, 90]], 1, "", (160, 120))
    assert triangle is not None
    samples = noise((120, 160))
    hidden = hide(samples, [triangle], Method.BLACKEN, {}, [])
    assert not hidden[11:40, 11:40].any()
    assert (hidden[60:90, 60:90] == samples[60:90, 60:90]).all()
