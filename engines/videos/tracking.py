"""Sightings followed from frame to frame: gaps filled, edges steadied, scenes kept apart."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from engines.anonymization.sighting import Kind, Sighting
from engines.core.shapes import Box

T = TypeVar("T")

GAP = 15
"""The most frames in a row in which a thing may be missed and is hidden all the same."""
MARGIN = 5
"""Frames hidden before the first and after the last sight."""
SLACK = 0.08
"""Share of a side that is hidden around a first sight; a shown edge lags by three of these."""
REACH = 1.5
"""How far a thing may be from where it was expected, in its own longer sides."""
ALIKE = 2.0
"""How many times longer the longer side of one thing may be in its next sight."""


@dataclass
class Held(Generic[T]):
    """A frame that waits until what comes after it can add nothing.

    Args:
        seen: what detectors found in it.
        shown: by the track's number, what is hidden of that track.
    """

    frame: T
    seen: Sequence[Sighting]
    shown: dict[int, Sighting]


@dataclass
class Track:
    """One thing as it was last seen, `age` frames ago; its speed is known from the second sight."""

    number: int
    seen: Sighting
    shown: Box
    velocity: tuple[float, float] | None = None
    age: int = 0

    def expected(self, frames: int) -> Box:
        """Where it is that many frames after its last sight, if it goes on as it did."""
        dx, dy = (round(speed * frames) for speed in self.velocity or (0, 0))
        left, top, right, bottom = self.shown
        return Box(left + dx, top + dy, right + dx, bottom + dy)

    def around(self, frames: int) -> Box:
        """Where it may be that many frames after its last sight, or before it."""
        if self.velocity is None:
            return _grown(self.seen.box, SLACK * (1 + abs(frames)))
        return _join(self.shown, self.expected(frames))


class Tracker(Generic[T]):
    """Frames go in with what was seen in them, and come out with what is to be hidden.

    At most `GAP` frames are held, whatever the length of the video.
    """

    def __init__(self) -> None:
        self._held: deque[Held[T]] = deque()
        self._tracks: list[Track] = []
        self._numbers = count()

    def add(self, frame: T, sightings: Sequence[Sighting], *, is_cut: bool) -> list[Held[T]]:
        """Take the next frame; a cut says that a new scene begins with it.

        Returns:
            the frames that are done, oldest first.
        """
        done = self.flush() if is_cut else []
        self._held.append(Held(frame, sightings, {}))
        for track in self._tracks:
            track.age += 1
        found = _pairs(self._tracks, sightings)
        for number, sighting in enumerate(sightings):
            if number in found:
                self._follow(found[number], sighting)
            else:
                self._begin(sighting)
        for track in self._tracks:
            if 0 < track.age <= MARGIN:
                self._show(0, track, track.around(track.age))
        self._tracks = [track for track in self._tracks if track.age <= GAP]
        while len(self._held) > GAP:
            done.append(self._held.popleft())
        return done

    def flush(self) -> list[Held[T]]:
        """The frames still held; all tracks end."""
        done = list(self._held)
        self._held.clear()
        self._tracks.clear()
        return done

    def _show(self, back: int, track: Track, box: Box) -> None:
        """Hide a box in the frame that many back, if it is still held."""
        if back < len(self._held):
            self._held[-1 - back].shown[track.number] = _moved(track.seen, box)

    def _begin(self, sighting: Sighting) -> None:
        # A region that the caller names is where it is; nothing was measured.
        slack = 0 if sighting.kind is Kind.REGION else SLACK
        track = Track(next(self._numbers), sighting, _grown(sighting.box, slack))
        self._tracks.append(track)
        self._show(0, track, track.shown)
        for back in range(1, MARGIN + 1):
            self._show(back, track, track.around(-back))

    def _follow(self, track: Track, sighting: Sighting) -> None:
        """Go on with a track, and hide it in the frames in which it was missed."""
        age, shown = track.age, _steadied(track.shown, sighting.box)
        for back in range(1, age):
            self._show(back, track, _between(shown, track.shown, back / age))
        moved = np.subtract(_centre(sighting.box), _centre(track.seen.box)) / age
        is_second, track.velocity = track.velocity is None, (float(moved[0]), float(moved[1]))
        for back in range(1, MARGIN + 1) if is_second else ():
            self._show(age + back, track, track.around(-back))
        track.seen, track.shown, track.age = sighting, shown, 0
        self._show(0, track, shown)


def _pairs(tracks: Sequence[Track], sightings: Sequence[Sighting]) -> dict[int, Track]:
    """Which sighting, by its place, goes on with which track: the nearest ones first."""
    if not tracks or not sightings:
        return {}
    boxes = _boxes([one.box for one in sightings])
    reach = REACH * _sides(boxes)
    distance = np.minimum(
        _distances(boxes, _boxes([track.shown for track in tracks])),
        _distances(boxes, _boxes([track.expected(track.age) for track in tracks])),
    )
    ratio = _sides(boxes) / _sides(_boxes([track.seen.box for track in tracks])).T
    kinds = np.array([one.kind for one in sightings])[:, None]
    possible = (
        (kinds == np.array([track.seen.kind for track in tracks]))
        & (distance <= reach)
        & (np.maximum(ratio, 1 / ratio) <= ALIKE)
    )
    rows, columns = np.nonzero(possible)
    order = np.argsort((distance / reach)[rows, columns], kind="stable")
    found: dict[int, Track] = {}
    taken: set[int] = set()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in found and column not in taken:
            found[row] = tracks[column]
            taken.add(column)
    return found


def _boxes(boxes: Sequence[Box]) -> NDArray[np.float64]:
    return np.array(boxes, np.float64).reshape(-1, 2, 2)


def _sides(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The longer sides, (N, 1)."""
    sides = boxes[:, 1] - boxes[:, 0]
    return np.maximum(sides[:, :1], sides[:, 1:]).clip(1)


def _distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Between all centres of one and of the other, (N, M)."""
    between = one.mean(1)[:, None] - other.mean(1)
    return np.asarray(np.hypot(*np.moveaxis(between, 2, 0)), np.float64)


def _steadied(shown: Box, seen: Box) -> Box:
    """The box shown before, of which each edge moves only as far as it must.

    No edge cuts into what is seen, and none is farther from it than three times the slack: so an
    edge rests while a detector's answers jitter around the truth.
    """
    width, height = seen.right - seen.left, seen.bottom - seen.top
    outwards, limit = np.array([-1, -1, 1, 1]), 3 * SLACK * np.array([width, height] * 2)
    lag = np.clip(outwards * np.subtract(shown, seen), 0, np.ceil(limit))
    return Box(*(np.array(seen) + outwards * lag).astype(int).tolist())


def _between(one: Box, other: Box, share: float) -> Box:
    """The box on the way from one to the other, and a quarter of the way to both sides."""
    ways = [max(share - 0.25, 0), min(share + 0.25, 1)]
    start, end = (np.rint((1 - way) * np.array(one) + way * np.array(other)) for way in ways)
    return _join(Box(*start.astype(int).tolist()), Box(*end.astype(int).tolist()))


def _grown(box: Box, share: float) -> Box:
    dx, dy = (math.ceil(share * side) for side in (box.right - box.left, box.bottom - box.top))
    return Box(box.left - dx, box.top - dy, box.right + dx, box.bottom + dy)


def _join(one: Box, other: Box) -> Box:
    return Box(*map(min, one[:2], other[:2]), *map(max, one[2:], other[2:]))


def _centre(box: Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _moved(sighting: Sighting, box: Box) -> Sighting:
    """The sighting with its outline stretched from its own box to another."""
    old, new = np.array(sighting.box).reshape(2, 2), np.array(box).reshape(2, 2)
    # The last pixel of a box is one before its right edge.
    scale = np.maximum(new[1] - new[0] - 1, 0) / np.maximum(old[1] - old[0] - 1, 1)
    outline = np.rint(new[0] + (sighting.outline - old[0]) * scale).astype(np.int32)
    return sighting._replace(box=box, outline=outline)
