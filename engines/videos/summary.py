"""What was hidden in a video: for each frame, and for each thing as a whole."""

from dataclasses import dataclass, field
from typing import NamedTuple

from engines.anonymization.sighting import Kind, Sighting


class HiddenFrame(NamedTuple):
    """What is hidden in one frame.

    Args:
        number: from 0.
        seconds: from the file's start.
        is_covered: the frame is damaged, and black as a whole.
        sightings: by the number of the thing, which it keeps as long as it is followed; within
            the upright picture.
    """

    number: int
    seconds: float
    is_covered: bool
    sightings: dict[int, Sighting]


@dataclass
class HiddenThing:
    """One thing that was followed, from its first to its last hidden frame."""

    kind: Kind
    model: str
    score: float
    first: int
    last: int


@dataclass
class VideoSummary:
    """What became of a video.

    Args:
        width: of the upright picture, px.
        seconds: when the last frame is shown.
        covered: the number of damaged frames, which are black.
        left_out: the types of the streams that were not written again, one for each.
        things: by their number, all that was hidden.
    """

    width: int
    height: int
    left_out: list[str]
    frames: int = 0
    seconds: float = 0.0
    covered: int = 0
    things: dict[int, HiddenThing] = field(default_factory=dict)

    def add(self, frame: HiddenFrame) -> None:
        """Count one more frame."""
        self.frames, self.seconds = frame.number + 1, frame.seconds
        self.covered += frame.is_covered
        for number, one in frame.sightings.items():
            thing = self.things.setdefault(
                number, HiddenThing(one.kind, one.model, one.score, frame.number, frame.number)
            )
            thing.score, thing.last = max(thing.score, one.score), frame.number
