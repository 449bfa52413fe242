"""`/metrics`: the figures, for who has the token that the settings name."""

from secrets import compare_digest

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.errors import TokenInvalid
from auth.guard import bearer_token
from gateway.metrics import Metrics


def metrics_routes(metrics: Metrics, token: SecretStr) -> list[Route]:
    """The route; none where there is no token."""

    # Starlette calls it in a thread: it reads the files of all gateway processes.
    def show(request: Request) -> Response:
        if not compare_digest(bearer_token(request.headers), token.get_secret_value()):
            raise TokenInvalid("The bearer token is not the one that reads the metrics.")
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/metrics", show)] if token.get_secret_value() else []
