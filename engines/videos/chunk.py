"""A chunk: successive frames of a video, to be looked at apart from the others."""

from pydantic import BaseModel, Field


class Chunk(BaseModel, frozen=True):
    """Frames that can be decoded from a key frame near by."""

    first: int = Field(description="The number of its first frame in the video, from 0.")
    frames: int = Field(description="How many there are.")
    start: int = Field(description="Place of its first frame, in the stream's own unit.")
    end: int | None = Field(description="Place of the next chunk's first frame; None of the last.")

    def after(self, frames: int, start: int) -> "Chunk":
        """What is left behind so many frames; the place of the next one is told."""
        left = max(self.frames - frames, 1)
        return Chunk(first=self.first + frames, frames=left, start=start, end=self.end)
