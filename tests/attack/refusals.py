"""What every refusal must be: short, in one form, and silent about how the service is made."""

import re
import socket
import sys
from typing import Any

import httpx

from tests.serving import REPOSITORY

LIBRARIES = (
    *("cv2", "opencv", "PIL", "pillow", "libpng", "libjpeg", "numpy", "onnx", "tesseract", "zlib"),
    *("starlette", "uvicorn", "gunicorn", "httptools", "httpx", "httpcore", "anyio", "asyncio"),
    *("multipart.", "pydantic", "sqlalchemy", "sqlite", "python", "errno", "traceback", "0x"),
)
PLACES = (str(REPOSITORY), sys.prefix, "/usr/", "/tmp", "/home", "/proc", ".py")
_NAMES = re.compile("|".join(map(re.escape, LIBRARIES)), re.IGNORECASE)
_OURS = re.compile(rf"\b{re.escape(socket.gethostname())}\b") if socket.gethostname() else None


def refusal(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body of a refusal, which names neither a path, nor a host of ours, nor a library."""
    assert answer.status_code == status, answer.text[:500]
    body: dict[str, Any] = answer.json()
    assert set(body) == {"code", "error", "message", "errors", "version", "request_id"}
    said = " ".join([body["message"], *body["errors"]])
    assert 0 < len(said) < 1000
    assert not _NAMES.search(said), said
    assert not any(place in said for place in PLACES), said
    assert _OURS is None or socket.gethostname() == "localhost" or not _OURS.search(said), said
    if status in (429, 503):
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    return body
