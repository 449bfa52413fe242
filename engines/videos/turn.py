"""How the frames of a video are turned and mirrored to be shown."""

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData

from engines.core.shapes import Pixels


class Turn:
    """Quarter turns and mirrors, as a frame's display matrix says.

    Source:
        ISO/IEC 14496-12, 8.3.2: x' = a x + c y, y' = b x + d y; of other angles the nearest.
    """

    def __init__(self, frame: VideoFrame) -> None:
        data = frame.side_data.get("DISPLAYMATRIX")
        self.matrix: list[int] = []
        if isinstance(data, SideData):
            self.matrix = np.frombuffer(bytes(data), np.int32).tolist()
        a, b, _, c, d = self.matrix[:5] or (1, 0, 0, 0, 1)
        self._axes = (1, 0, 2) if abs(b) > abs(a) else (0, 1, 2)
        down, across = (b, c) if abs(b) > abs(a) else (d, a)
        self._flips = tuple(slice(None, None, -1 if sign < 0 else 1) for sign in (down, across))

    def upright(self, coded: Pixels) -> Pixels:
        """A picture as it is shown."""
        return np.ascontiguousarray(coded.transpose(self._axes)[self._flips])

    def coded(self, upright: Pixels) -> Pixels:
        """A picture as the file has it."""
        return np.ascontiguousarray(upright[self._flips].transpose(self._axes))
