"""Files that only the service's own user may read, in a folder that all its processes share."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Several processes may make, or replace, a file at once."""
    lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def write_private(path: Path, content: bytes) -> None:
    """Appear whole or not at all, and never readable by others."""
    with appearing(path) as file:
        file.write(content)


@contextmanager
def appearing(path: Path) -> Iterator[BinaryIO]:
    """What is written becomes the file when all is, and is nothing before; for its owner alone."""
    draft = draft_of(path)
    draft.unlink(missing_ok=True)  # Of a process with this number that was killed.
    try:
        with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def draft_of(path: Path) -> Path:
    """Where this process writes what is to appear."""
    return path.with_name(f".{path.name}.{os.getpid()}")
