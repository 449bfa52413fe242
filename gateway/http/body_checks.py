"""How a body arrives: how fast, in how small pieces, and in how much wrapping."""

from gateway.http import early_answers as early
from gateway.http.head_checks import Refused

MAX_PIECES = 5000
MIN_PIECE_BYTES = 64
"""A body in more than `MAX_PIECES` that are smaller than this on average costs more than it has."""
PIECE_FRAMING_BYTES = 32
"""What the line before a chunk and the one after it may have; more is an extension."""
SLOW_START_SECONDS = 5


class BodyMeter:
    """Counts one body on its way in."""

    __slots__ = ("_began", "_bytes", "_framing_bytes", "_pieces")

    def __init__(self, now: float) -> None:
        self._began = now
        self._bytes = self._pieces = self._framing_bytes = 0

    def count_piece(self, size: int) -> None:
        """Count a piece of the body itself.

        Raises:
            Refused: the pieces are too many and too small.
        """
        self._bytes += size
        self._pieces += 1
        self._framing_bytes -= size
        if self._pieces > MAX_PIECES and self._bytes < self._pieces * MIN_PIECE_BYTES:
            raise Refused(early.CRUMBS)

    def count_read(self, size: int) -> None:
        """Count what was read, of which the pieces counted since are a part.

        Raises:
            Refused: chunk extensions or trailer fields go on and on.
        """
        # Below zero after the read that brought the head too, whose size tells nothing.
        self._framing_bytes = max(0, self._framing_bytes + size)
        if self._framing_bytes > early.MAX_HEAD_BYTES + self._pieces * PIECE_FRAMING_BYTES:
            raise Refused(early.TOO_MUCH_FRAMING)

    def is_slower(self, bytes_per_second: float, now: float) -> bool:
        """Whether it arrives at less than some rate on average."""
        seconds = now - self._began
        return seconds > SLOW_START_SECONDS and self._bytes < seconds * bytes_per_second
