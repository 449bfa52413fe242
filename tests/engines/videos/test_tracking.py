"""A thing that rests or moves at a known speed, seen with gaps and jitter."""

from collections.abc import Collection
from itertools import pairwise

import numpy as np
import pytest

from engines.anonymization.sighting import Kind, Sighting, boxed
from engines.core.shapes import Box
from engines.videos.tracking import GAP, MARGIN, Held, Tracker

SIDE = 40


def face(left: float, top: float = 100, side: int = SIDE) -> Sighting:
    x, y = round(left), round(top)
    return boxed(Kind.FACE, Box(x, y, x + side, y + side), 0.9, "script")


def track(frames: list[list[Sighting]], cuts: Collection[int] = ()) -> list[Held[int]]:
    tracker: Tracker[int] = Tracker()
    done: list[Held[int]] = []
    for number, sightings in enumerate(frames):
        done += tracker.add(number, sightings, is_cut=number in cuts)
        assert number + 1 - len(done) <= GAP, "memory is bounded"
    return done + tracker.flush()


def covers(held: Held[int], truth: Sighting) -> bool:
    return any(
        one.box.left <= truth.box.left
        and one.box.top <= truth.box.top
        and one.box.right >= truth.box.right
        and one.box.bottom >= truth.box.bottom
        for one in held.shown.values()
    )


def test_frames_come_out_once_and_in_their_order() -> None:
    done = track([[face(100)]] * 50, cuts={20, 21, 40})
    assert [held.frame for held in done] == list(range(50))


@pytest.mark.parametrize("speed", [0, 3, -8, 20])
def test_a_gap_between_two_sights_is_closed(speed: int) -> None:
    truth = [face(500 + speed * number) for number in range(30)]
    done = track([[one] if not 10 <= n < 15 else [] for n, one in enumerate(truth)])
    assert all(covers(held, one) for held, one in zip(done, truth, strict=True))
    assert {*done[4].shown} == {*done[12].shown} == {*done[25].shown}, "it is one thing"


def test_a_gap_is_closed_up_to_its_limit() -> None:
    def open_frames(gap: int) -> int:
        done = track([[face(100)]] * 5 + [[]] * gap + [[face(100)]] * 5)
        return sum(not held.shown for held in done)

    assert open_frames(GAP) == 0
    assert open_frames(GAP + 1) == GAP + 1 - 2 * MARGIN


@pytest.mark.parametrize("speed", [0, 4, -10])
def test_frames_before_the_first_and_after_the_last_sight_are_hidden(speed: int) -> None:
    truth = [face(500 + speed * number) for number in range(40)]
    done = track([[one] if 15 <= n < 25 else [] for n, one in enumerate(truth)])
    hidden = [number for number, held in enumerate(done) if held.shown]
    assert hidden == list(range(15 - MARGIN, 25 + MARGIN))
    assert all(covers(done[number], truth[number]) for number in hidden)


def test_what_speeds_up_in_a_gap_is_hidden() -> None:
    truth = [face(100 + 55 * min(max(number - 9, 0) / 10, 1) ** 2) for number in range(30)]
    done = track([[one] if not 10 <= n < 19 else [] for n, one in enumerate(truth)])
    assert all(covers(held, one) for held, one in zip(done, truth, strict=True))


@pytest.mark.parametrize("speed", [0, 3, -3])
def test_what_is_seen_once_is_hidden_around_it(speed: int) -> None:
    truth = [face(100 + speed * number) for number in range(21)]
    done = track([[one] if number == 10 else [] for number, one in enumerate(truth)])
    assert [n for n, held in enumerate(done) if held.shown] == list(range(5, 16))
    assert all(covers(done[number], truth[number]) for number in range(5, 16))


def test_nothing_is_hidden_across_a_cut() -> None:
    frames = [[face(100)]] * 10 + [[]] * 10 + [[face(300)]] * 10
    done = track(frames, cuts={10, 20})
    assert [n for n, held in enumerate(done) if held.shown] == [*range(10), *range(20, 30)]


def test_a_region_rests_where_its_thing_rests() -> None:
    """Edges found within 4 % of the side, as detectors do, and each fifth frame missed."""
    rng = np.random.default_rng(17)
    frames = [
        [] if number % 5 == 4 else [face(*(100 + rng.uniform(-2, 2, 2)))] for number in range(200)
    ]
    boxes = [next(iter(held.shown.values())).box for held in track(frames)]
    changes = [1 - overlap(one, other) for one, other in pairwise(boxes[5:])]
    assert max(changes) <= 0.1
    assert np.mean(changes) <= 0.002


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""

    def area(box: Box) -> int:
        return max(box.right - box.left, 0) * max(box.bottom - box.top, 0)

    inner = area(Box(*map(max, one[:2], other[:2]), *map(min, one[2:], other[2:])))
    return inner / (area(one) + area(other) - inner)


def test_a_region_follows_what_moves_without_growing() -> None:
    done = track([[face(10 * number)] for number in range(100)])
    widths = [one.box.right - one.box.left for held in done for one in held.shown.values()]
    assert max(widths[10:-10]) <= 1.5 * SIDE


def test_things_that_cross_stay_two() -> None:
    frames = [[face(100 + 5 * n, 100), face(400 - 5 * n, 130)] for n in range(60)]
    done = track(frames)
    assert {number for held in done for number in held.shown} == {0, 1}
    assert all(covers(held, one) for held, seen in zip(done, frames, strict=True) for one in seen)


def test_a_small_thing_does_not_take_the_place_of_a_large_one() -> None:
    large = [[face(100, side=80)]] * 10
    done = track(large + [[face(130, 130, side=20)]] * 5 + large)
    assert all(covers(held, face(100, side=80)) for held in done)


def test_kinds_are_followed_apart() -> None:
    plate = face(100)._replace(kind=Kind.LICENSE_PLATE)
    done = track([[face(100)]] * 5 + [[plate]] * 5)
    assert {one.kind for one in done[4].shown.values()} == {Kind.FACE, Kind.LICENSE_PLATE}
    assert len({number for held in done for number in held.shown}) == 2


def test_an_outline_is_stretched_with_its_box() -> None:
    corners = np.array([(100, 120), (119, 100), (139, 120), (119, 139)], np.int32)
    done = track([[face(100)._replace(outline=corners)]] * 3)
    (shown,) = done[0].shown.values()
    left, top, right, bottom = shown.box
    assert shown.outline.min(0).tolist() == [left, top]
    assert shown.outline.max(0).tolist() == [right - 1, bottom - 1]


def test_a_named_region_is_left_as_it_is() -> None:
    region = face(100)._replace(kind=Kind.REGION)
    done = track([[region, face(300)]] * 30, cuts=[10])
    assert all(
        [one.box for one in held.shown.values() if one.kind is Kind.REGION] == [region.box]
        for held in done
    )
