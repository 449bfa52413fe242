"""What becomes of a task: the words alone, which presenters know too."""

from enum import StrEnum


class Status(StrEnum):
    """What becomes of a task, in this order; the last two are its end."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    ERROR = "error"
