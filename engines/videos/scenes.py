"""Cuts between the scenes of a video."""

from typing import Generic, NamedTuple, TypeVar

import cv2
import numpy as np

from engines.core.shapes import Pixels

T = TypeVar("T")

FLASH = 4
"""The most frames that may differ from what is before and after them without being a scene."""
CHANGE = 25.0
"""Grey levels by which the pictures on both sides of a cut differ at least, on average."""
LIKENESS = 0.5
"""Correlation of brightness from which on two pictures show one scene in another light."""
COLOURS = 0.25
"""Bhattacharyya distance of colours up to which two pictures show one scene that moves."""


class _Waiting(NamedTuple, Generic[T]):
    frame: T
    thumbnail: Pixels


class SceneCuts(Generic[T]):
    """Frames go in with their pictures, and come out with whether a scene begins with them.

    What looks like a cut is believed when the scene before it has not come back `FLASH` frames
    later: a photographer's flash is no cut, for behind it everything goes on.
    """

    def __init__(self) -> None:
        self._before: Pixels | None = None
        self._waiting: list[_Waiting[T]] = []

    def add(self, frame: T, image: Pixels) -> list[tuple[T, bool]]:
        """The frames that are decided, oldest first."""
        thumbnail = np.asarray(cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA), np.uint8)
        return self._take(_Waiting(frame, thumbnail))

    def flush(self) -> list[tuple[T, bool]]:
        """The frames that still wait; nothing comes after them that would bear out a cut."""
        done = [(one.frame, False) for one in self._waiting]
        self._waiting.clear()
        return done

    def _take(self, one: _Waiting[T]) -> list[tuple[T, bool]]:
        self._waiting.append(one)
        if self._before is None or not _is_other_scene(self._before, one.thumbnail):
            done = [(each.frame, False) for each in self._waiting]
            self._before, self._waiting = one.thumbnail, []
            return done
        return self._cut() if len(self._waiting) > FLASH else []

    def _cut(self) -> list[tuple[T, bool]]:
        """Begin a scene with the first frame that waits, and look at the others again."""
        first, *rest = self._waiting
        self._before, self._waiting = first.thumbnail, []
        done = [(first.frame, True)]
        for each in rest:
            done += self._take(each)
        return done


def _is_other_scene(before: Pixels, after: Pixels) -> bool:
    """Whether things, colours and brightness are others; any one alone is motion or light."""
    if np.abs(before.astype(int) - after).mean() <= CHANGE:
        return False
    one, other = (image.mean(2) - image.mean() for image in (before, after))
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    if float((one * other).sum()) > LIKENESS * max(norm, 1.0):
        return False
    bins = [
        cv2.calcHist([image], [0, 1, 2], None, [4, 4, 4], [0, 256] * 3) for image in (before, after)
    ]
    return cv2.compareHist(bins[0], bins[1], cv2.HISTCMP_BHATTACHARYYA) > COLOURS
