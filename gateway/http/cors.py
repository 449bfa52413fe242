"""What pages of other origins may do (Fetch Standard, CORS): nothing, but for those named."""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

EXPOSED_FIELDS = (
    *("X-Request-ID", "Retry-After", "WWW-Authenticate", "RateLimit", "RateLimit-Policy"),
    *("Pixelgate-Ignored", "Location", "ContextBase64utf", "ContextBase64utg", "ImageLen"),
    *("ETag", "Cache-Status"),
)
"""What a page may read of an answer's head."""


def for_browsers(app: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """Let pages of some origins ask and read; they send a token, so never a cookie."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST", "PUT", "DELETE"),
        allow_headers=("*",),
        expose_headers=EXPOSED_FIELDS,
    )
