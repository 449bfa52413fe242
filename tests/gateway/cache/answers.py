"""Jobs and answers to be kept."""

from typing import Any

from engines.core.run import Answer, Job
from engines.core.shapes import File
from engines.edges import Params

PRESENT = "gateway.dialects.ltu.present:envelope"


def answer(size: int = 6) -> Answer:
    """One of so many bytes."""
    return Answer(bytes(size), "application/json")


def pictured() -> Answer:
    """One with files beside it."""
    files = (File("image", "image/png", b"picture"), File("heat", "image/png", b""))
    return Answer(b"{}", "application/json", files)


def job(picture: bytes = b"picture", **changes: Any) -> Job:
    """One of edges."""
    told: dict[str, Any] = {"engine": "edges", "params": Params(), "present": PRESENT}
    return Job(inputs=(picture,), **told | changes)
