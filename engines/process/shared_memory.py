"""Memory that the gateway and one engine process both see: large bodies, and words of control."""

import fcntl
import mmap
import os
from collections.abc import Iterable, Sequence

PLACES = 2
"""Jobs that may lie in one engine process: one running, one waiting behind it."""

PLACE_BYTES = 64 * 1024 * 1024
KEPT_BYTES = 8 * 1024 * 1024
"""Of a place that once held more, the rest is given back; raw pixels of 1920 x 1080 fit in."""

_CONTROL_BYTES = mmap.PAGESIZE
_SIZE = _CONTROL_BYTES + PLACES * PLACE_BYTES


class SharedMemory:
    """One anonymous file, mapped twice; it vanishes with the last process that holds it.

    `started` is the number of the job last begun, by which a crash is laid to the right one.
    """

    def __init__(self, fd: int) -> None:
        self._memory = mmap.mmap(fd, _SIZE)
        self._view = memoryview(self._memory)
        self._words = self._view[: 8 * (1 + PLACES)].cast("Q")

    @property
    def started(self) -> int:
        return self._words[0]

    @started.setter
    def started(self, number: int) -> None:
        self._words[0] = number

    def drop(self, place: int, number: int) -> None:
        """Tell the process to skip a job that it has not begun."""
        self._words[1 + place] = number

    def is_dropped(self, place: int, number: int) -> bool:
        return self._words[1 + place] == number

    def write(self, place: int, parts: Iterable[bytes]) -> None:
        """Lay the parts one behind the other; they fit, the caller has looked."""
        at = _start(place)
        for part in parts:
            self._view[at : at + len(part)] = part
            at += len(part)

    def read(self, place: int, sizes: Sequence[int]) -> list[bytes]:
        """Copies of the parts, so that the place is free again."""
        at, parts = _start(place), []
        for size in sizes:
            parts.append(bytes(self._view[at : at + size]))
            at += size
        if sum(sizes) > KEPT_BYTES:
            beyond = _start(place) + KEPT_BYTES
            self._memory.madvise(mmap.MADV_REMOVE, beyond, PLACE_BYTES - KEPT_BYTES)
        return parts

    def close(self) -> None:
        self._words.release()
        self._view.release()
        self._memory.close()


def create_file() -> int:
    """A file to share memory by; sealed, for a mapping of one that shrinks kills who reads it."""
    fd = os.memfd_create("pixelgate-slot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, _SIZE)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd


def _start(place: int) -> int:
    return _CONTROL_BYTES + place * PLACE_BYTES
