"""How many bytes of bodies and pictures one gateway process holds for all its requests together."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import QueueFull

AGAIN_SECONDS = 1


class Room:
    """Wraps the application, and counts the bytes of every body on their way in.

    Without it, as many bodies would be held as there may be connections.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self.max_bytes = max_bytes
        self.held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, which finds its share as `state.share`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        share = scope.setdefault("state", {})["share"] = Share(self)

        async def counted() -> Message:
            message = await receive()
            share.hold(share.bytes + len(message.get("body", b"")))
            return message

        try:
            await self._app(scope, counted, send)
        finally:
            share.hold(0)


class Share:
    """What one request holds."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.bytes = 0

    def hold(self, count: int) -> None:
        """Hold so many bytes from now on, instead of what was held before.

        Raises:
            QueueFull: it is more than before, and others hold too much for that.
        """
        others = self._room.held_bytes - self.bytes
        if count > self.bytes and others and others + count > self._room.max_bytes:
            raise QueueFull(
                "Other requests hold as many bytes as are taken at once.",
                retry_after_seconds=AGAIN_SECONDS,
            )
        self._room.held_bytes += count - self.bytes
        self.bytes = count
