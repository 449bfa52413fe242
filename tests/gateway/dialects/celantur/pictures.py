"""Uploads, and what is told of them."""

from typing import Any

import cv2
import httpx
import numpy as np

from tests.serving import wait_until

WIDTH, HEIGHT = 64, 48
FILE = "/v1/file"
TASK = "/v1/task"
ASYNC = {"x-is-async": "1"}


def encoded(suffix: str = ".jpg") -> bytes:
    """A picture of the sky, with nothing to hide."""
    _, data = cv2.imencode(suffix, np.full((HEIGHT, WIDTH, 3), (200, 160, 120), np.uint8))
    return data.tobytes()


def sent(data: bytes, name: str = "test.jpg", field: str = "fileobject") -> dict[str, Any]:
    """The form's files, with the media type that the vendor's client names."""
    return {field: (name, data, "image/jpg")}


def uploaded(client: httpx.Client, **params: Any) -> dict[str, Any]:
    """A picture's task, which is done."""
    answer = client.post(FILE, params=params, files=sent(encoded()))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def ended(client: httpx.Client, id: str) -> dict[str, Any]:
    """A task when it is neither queued nor processed any more."""

    def told() -> dict[str, Any]:
        answer: dict[str, Any] = client.get(f"{TASK}/{id}").json()
        return answer

    wait_until(lambda: told()["status"] not in ("queued", "processing"))
    return told()


def decoded(answer: httpx.Response) -> Any:
    """The picture that was answered, with all its channels."""
    assert answer.status_code == 200, answer.text
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
