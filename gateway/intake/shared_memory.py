"""POSIX shared memory: a block of a caller's, read once and otherwise left alone."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from gateway.errors import MissingPicture

FOLDER = Path("/dev/shm")
"""Where Linux has all blocks, as files."""


def read_block(name: str, *, owner: int, admit: Callable[[int], None]) -> bytes:
    """What a block holds.

    Opened by its name once: what was looked at is what is read. It is not mapped, for whoever
    made it may shrink it, which ends a process that reads a mapping.

    Args:
        name: without a slash.
        owner: id of the user whose block it must be, for the service may read more than its
            callers.
        admit: raises if so many bytes are not what is wanted; called before any is read.

    Raises:
        MissingPicture: there is no such block of that user, or the service may not read it.
    """
    # SharedMemory would hand the block to a resource tracker, which removes it in the end.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        block = os.open(FOLDER / name, flags)
    except OSError:
        raise _no_block() from None
    try:
        found = os.fstat(block)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != owner:
            raise _no_block()
        admit(found.st_size)
        data = os.read(block, found.st_size)
    finally:
        os.close(block)
    if len(data) < found.st_size:
        raise MissingPicture("The shared memory block shrank while it was read.")
    return data


def _no_block() -> MissingPicture:
    # One sentence for all causes: it tells nobody which blocks others have.
    return MissingPicture(
        "There is no shared memory block of this name that is the caller's own and that the "
        "service may read."
    )
