"""Ink on paper: which pixels of a line are print."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels


def ink_of(pixels: Pixels) -> NDArray[np.bool_]:
    """What differs from the paper: the rarer side of Otsu's threshold."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    ink = dark.astype(bool)
    return ~ink if ink.mean() > 0.5 else ink


def inked_columns(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(ink.any(axis=0))


def runs_of(ink: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(N, 2): from and to which column ink reaches, along a line."""
    ends = np.diff(inked_columns(ink).astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(ends).reshape(-1, 2)


def reach(ink: NDArray[np.bool_]) -> tuple[int, int]:
    """Top and bottom of ink, px; of all where there is none."""
    inked = np.flatnonzero(ink.any(axis=1))
    return (int(inked[0]), int(inked[-1]) + 1) if len(inked) else (0, ink.shape[0])
