"""`/metrics`: the figures, for who has the token that the settings name."""

from secrets import compare_digest

from anyio import to_thread
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.errors import TokenInvalid
from auth.guard import bearer_token
from gateway.metrics import Metrics
from gateway.write_behind import caught_up


def metrics_routes(metrics: Metrics, token: SecretStr) -> list[Route]:
    """The route; none where there is no token."""

    async def show(request: Request) -> Response:
        if not compare_digest(bearer_token(request.headers), token.get_secret_value()):
            raise TokenInvalid("The bearer token is not the one that reads the metrics.")
        await caught_up()
        # In a thread: it reads the files of all gateway processes.
        text = await to_thread.run_sync(metrics.exposition)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return [Route("/metrics", show)] if token.get_secret_value() else []
