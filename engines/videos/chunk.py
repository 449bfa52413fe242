"""A chunk: successive frames of a video that can be decoded without those before them."""

from pydantic import BaseModel, Field


class Chunk(BaseModel, frozen=True):
    """Some groups of pictures of a video."""

    first: int = Field(description="The number of its first frame in the video, from 0.")
    frames: int = Field(description="How many there are.")
    start: int = Field(description="Time of its first frame, in the stream's own unit.")
    end: int | None = Field(description="Time of the next chunk's first frame; None of the last.")
