"""What a line cut out of a page says: PP-OCR's recogniser."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.models import weights

HEIGHT = 48
BATCH_WIDTH = 2000
"""Sum of the widths of lines recognised at once, px; it bounds memory."""
LONGEST = 3200
"""Width to which longer lines are squeezed, px."""


class Text(NamedTuple):
    """What a line says: its characters, their places (0..1 along the line), their scores."""

    characters: tuple[str, ...]
    places: tuple[float, ...]
    scores: tuple[float, ...]

    @property
    def score(self) -> float:
        return float(np.mean(self.scores)) if self.scores else 0.0


def texts(pictures: list[Pixels]) -> list[Text]:
    """What lines say; those of like width are recognised together."""
    widths = [min(LONGEST, max(16, _width(one))) for one in pictures]
    said: dict[int, Text] = {}
    together: list[int] = []
    for place in sorted(range(len(pictures)), key=lambda each: widths[each]):
        if together and widths[place] * (len(together) + 1) > BATCH_WIDTH:
            said |= _said(together, pictures, widths)
            together = []
        together.append(place)
    if together:
        said |= _said(together, pictures, widths)
    return [said[place] for place in range(len(pictures))]


def _width(picture: Pixels) -> int:
    """Of a line when it is 48 px high."""
    height, width = picture.shape[:2]
    return max(1, int(width * HEIGHT / height + 0.5))


def _said(together: list[int], pictures: list[Pixels], widths: list[int]) -> dict[int, Text]:
    width = max(widths[place] for place in together)
    model = weights.model("text_recognizer")
    output = model.run(batch([fitted(pictures[place], width) for place in together]))
    return {
        place: _decoded(rows, model.labels, width / widths[place])
        for place, rows in zip(together, output, strict=True)
    }


def _decoded(rows: NDArray[np.float32], labels: tuple[weights.Label, ...], stretch: float) -> Text:
    """Connectionist temporal classification: repeats are one character, 0 is none."""
    best = rows.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1) != 0)
    ends = np.append(starts[1:], len(best))
    runs = [(s, e) for s, e in zip(starts, ends, strict=True) if best[s] != 0]
    return Text(
        tuple(labels[best[start]].name for start, _ in runs),
        tuple(min(1.0, (start + end) / 2 / len(best) * stretch) for start, end in runs),
        tuple(float(rows[start:end, best[start]].max()) for start, end in runs),
    )


def batch(pictures: list[Pixels]) -> NDArray[np.float32]:
    """(N, 3, H, W), BGR, -1..1, as PP-OCR was trained."""
    stacked = np.stack(pictures).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(stacked, np.float32) / 127.5 - 1


def fitted(picture: Pixels, width: int) -> Pixels:
    """A line 48 px high, squeezed if it must be, and grey to its right."""
    own = min(width, _width(picture))
    canvas = np.full((HEIGHT, width, 3), 128, np.uint8)
    canvas[:, :own] = cv2.resize(picture, (own, HEIGHT))
    return canvas
