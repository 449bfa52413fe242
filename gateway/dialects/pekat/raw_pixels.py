"""Raw pixels: rows of bytes without a header, as OpenCV and cameras have them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.errors import UndecodablePicture
from engines.core.pixels import Pixels, refuse_more_pixels

ROW_ALIGNMENT = 4
"""To so many bytes C#'s bitmaps pad their rows."""
SMALLEST_MOSAIC = 3


@dataclass(frozen=True, slots=True)
class RawPixels:
    """Grey, BGR or BGRA of eight bits; the length tells which.

    Args:
        width: px.
        height: px.
        is_bayer: one byte a pixel is a mosaic that begins with red, green; the next row with
            green, blue.
    """

    width: int
    height: int
    is_bayer: bool = False
    accepts: tuple[str, ...] = ("application/octet-stream",)

    def decode(self, sent: bytes | Path) -> Pixels:
        data = sent.read_bytes() if isinstance(sent, Path) else sent
        stride, channels = self.layout(len(data))
        refuse_more_pixels(self.width, self.height)
        rows = np.frombuffer(data, np.uint8).reshape(self.height, stride)
        samples = rows[:, : self.width * channels].reshape(self.height, self.width, channels)
        return self._colour(samples)

    def layout(self, length: int) -> tuple[int, int]:
        """Bytes of a row, and of a pixel; rows without padding are thought of first.

        Raises:
            UndecodablePicture: a picture of so many bytes has another size.
        """
        padded = [(_padded(self.width * channels), channels) for channels in (1, 3)]
        exact = [(self.width * channels, channels) for channels in (1, 3, 4)]
        layouts = [*exact, *padded]
        if self.is_bayer:
            layouts = [exact[0], padded[0]]
        for stride, channels in layouts:
            if stride * self.height == length:
                return stride, channels
        expected = sorted({stride * self.height for stride, _ in layouts})
        raise UndecodablePicture(
            f"the pixels have {length:,} bytes; {self.width} x {self.height} px"
            f"{' of a Bayer mosaic' if self.is_bayer else ''} have "
            f"{' or '.join(f'{one:,}' for one in expected)}"
        )

    def _colour(self, samples: NDArray[Any]) -> Pixels:
        if self.is_bayer:
            if min(self.width, self.height) < SMALLEST_MOSAIC:
                raise UndecodablePicture(
                    f"the mosaic is {self.width} x {self.height} px; "
                    f"expected {SMALLEST_MOSAIC} px a side at least"
                )
            # OpenCV's own names of mosaics begin with the second pixel of the second row.
            return np.asarray(cv2.cvtColor(samples, cv2.COLOR_BayerRGGB2BGR), np.uint8)
        if samples.shape[2] == 1:
            return np.asarray(cv2.cvtColor(samples, cv2.COLOR_GRAY2BGR), np.uint8)
        return np.ascontiguousarray(samples[..., :3])


def _padded(row_bytes: int) -> int:
    return -(-row_bytes // ROW_ALIGNMENT) * ROW_ALIGNMENT
