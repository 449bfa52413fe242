"""What traces are told of requests, tasks and computations; this `Tracing` tells it nobody."""

from contextlib import AbstractContextManager, nullcontext

from starlette.types import Scope

from gateway.pool.contract import Timing


class Tracing:
    """Nothing is traced; a class that traces overrides each method."""

    def request(self, scope: Scope) -> AbstractContextManager[None]:
        """Enter a request."""
        return nullcontext()

    def task(self, work: str, name: str) -> AbstractContextManager[None]:
        """Enter the attempt at a task."""
        return nullcontext()

    def passed(self, name: str, seconds: float) -> None:
        """Add a part of what was entered, which ends now."""

    def computed(self, engine: str, timing: Timing) -> None:
        """Add a computation, which ends now, however it does."""

    def answered(self, method: str, route: str, status: int, reason: str) -> str:
        """Say of the request what was not known when it was entered; the name of its trace."""
        return ""

    def end(self) -> None:
        """Send what was not sent so far; that may take seconds."""
