"""How many bytes of bodies, pictures and answers one gateway process holds for all its requests."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Message, Receive

from gateway.errors import QueueFull, TooManyRequests

AGAIN_SECONDS = 1
RESERVED = 4
"""The budget's fourth part is never one caller's, but for a single body that is larger."""


class MemoryBudget:
    """Bounds what all requests hold; without it, bodies of as many as there may be connections."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self.held_by: Counter[str | None] = Counter()

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """What one request holds until it is over."""
        share = Share(self)
        try:
            yield share
        finally:
            share.hold(0)

    def account(self, owner: str | None, more_bytes: int) -> None:
        """Count what a request of an owner holds from now on, or gives back."""
        self.held_bytes += more_bytes
        self.held_by[owner] += more_bytes
        if not self.held_by[owner]:
            del self.held_by[owner]


class Share:
    """What one request holds."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._owner: str | None = None
        self.bytes = 0

    def counting(self, receive: Receive) -> Receive:
        """Count the bytes of a body on their way in."""

        async def counted() -> Message:
            message = await receive()
            self.reserve(self.bytes + len(message.get("body", b"")))
            return message

        return counted

    def belong_to(self, owner: str) -> None:
        """Count for a caller, who is known from now on."""
        held = self.bytes
        self.hold(0)
        self._owner = owner
        self.hold(held)

    def reserve(self, count: int) -> None:
        """Hold so many bytes from now on, if there is room for what is more than before.

        Raises:
            TooManyRequests: the caller's other requests hold too much for that.
            QueueFull: all others together do.
        """
        if count > self.bytes:
            self._refuse_excess(count)
        self.hold(count)

    def hold(self, count: int) -> None:
        """Hold so many bytes from now on, instead of what was held before."""
        self._budget.account(self._owner, count - self.bytes)
        self.bytes = count

    def _refuse_excess(self, count: int) -> None:
        budget = self._budget
        portion = budget.max_bytes - budget.max_bytes // RESERVED
        own = budget.held_by[self._owner] - self.bytes
        if self._owner is not None and own and own + count > portion:
            raise TooManyRequests(
                f"The caller's requests would hold more than {portion:,} bytes at once; "
                "the next are taken when others of them are answered.",
                retry_after_seconds=AGAIN_SECONDS,
            )
        others = budget.held_bytes - self.bytes
        if others and others + count > budget.max_bytes:
            raise QueueFull(
                "Other requests hold as many bytes as are taken at once.",
                retry_after_seconds=AGAIN_SECONDS,
            )
