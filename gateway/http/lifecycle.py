"""Whether one gateway process is ready or ending, and the health routes that say so."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.flow import State


class Lifecycle:
    """What one gateway process is doing; `drain` is called when it is told to end."""

    def __init__(self) -> None:
        self.is_draining = False
        self.routes = [Route("/health/live", self._live), Route("/health/ready", self._ready)]

    def drain(self) -> None:
        """From now on only what runs already is finished."""
        self.is_draining = True

    def refuses(self, path: str) -> bool:
        """Whether a new request for a path comes too late."""
        return self.is_draining and not path.startswith("/health/")

    async def _live(self, request: Request[State]) -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "live"})

    async def _ready(self, request: Request[State]) -> JSONResponse:
        """Every engine process is warm, and the service is not ending."""
        if request.state["pool"].ready and not self.is_draining:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready"}, 503, headers={"Retry-After": "1"})
