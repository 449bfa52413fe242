"""How many bytes of bodies, pictures and answers one gateway process holds for all its requests."""

from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import QueueFull, TooManyRequests

AGAIN_SECONDS = 1
RESERVED = 4
"""The budget's fourth part is never one caller's, but for a single body that is larger."""


class MemoryBudget:
    """Wraps the application, and counts the bytes of every body on their way in.

    Without it, as many bodies would be held as there may be connections.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self.held_by: Counter[str | None] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, which finds its share as `state.share`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        share = scope.setdefault("state", {})["share"] = Share(self)

        async def counted() -> Message:
            message = await receive()
            share.reserve(share.bytes + len(message.get("body", b"")))
            return message

        try:
            await self._app(scope, counted, send)
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
