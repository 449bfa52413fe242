"""The Dask scheduler, which knows the workers."""

import asyncio
from types import TracebackType
from typing import Any, Self

from distributed.core import rpc
from distributed.security import Security

from gateway.errors import EnginesUnreachable
from gateway.pool.cluster.messages import CONNECT_SECONDS, Card
from gateway.version import VERSION

RETRY_SECONDS = 2


class Scheduler:
    """A scheduler that is asked; one that was away is found again.

    Args:
        address: `tcp://HOST:PORT` or `tls://HOST:PORT`.
    """

    def __init__(self, address: str, security: Security) -> None:
        connection_args: dict[str, Any] = security.get_connection_args("client")
        self._rpc: Any = rpc(address, timeout=CONNECT_SECONDS, connection_args=connection_args)

    async def cards(self) -> dict[str, Card | None]:
        """What each worker says of itself, by Dask's address; None for one that is not ours.

        Raises:
            EnginesUnreachable: it does not answer.
        """
        try:
            async with asyncio.timeout(2 * CONNECT_SECONDS):
                found = await self._rpc.identity()
        except (OSError, TimeoutError) as error:
            raise EnginesUnreachable(
                "The scheduler cannot be reached.", retry_after_seconds=RETRY_SECONDS
            ) from error
        return {address: Card.read(told) for address, told in found["workers"].items()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._rpc.close_rpc()


def is_ours(card: Card | None) -> bool:
    """Whether a worker speaks as this gateway does."""
    return card is not None and card.version == VERSION
