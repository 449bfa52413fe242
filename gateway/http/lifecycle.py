"""Whether one gateway process is ready or ending, and the health routes that say so."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


class Lifecycle:
    """What one gateway process is doing; `drain` is called when it is told to end."""

    def __init__(self) -> None:
        self.is_draining = False

    def drain(self) -> None:
        """From now on only what runs already is finished."""
        self.is_draining = True

    def refuses(self, path: str) -> bool:
        """Whether a new request for a path comes too late."""
        return self.is_draining and not path.startswith("/health/")


async def live(request: Request) -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> JSONResponse:
    """Every engine process is warm, and the service is not ending."""
    if request.state.pool.ready and not request.state.lifecycle.is_draining:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "not ready"}, status_code=503, headers={"Retry-After": "1"})


ROUTES = [Route("/health/live", live), Route("/health/ready", ready)]
