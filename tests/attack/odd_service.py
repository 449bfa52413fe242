"""The service as shipped, but names have odd addresses and contours cannot be found."""

import itertools
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock

from gateway.cli.serve import build
from gateway.http.server import serve
from gateway.settings import Settings
from tests.attack import faults
from tests.attack.web import ALLOWED, INNER

NAMED = "127.0.0.3"
"""An address that may be fetched from under one of its names only."""

_look_up = socket.getaddrinfo
_addresses: dict[str, Iterator[tuple[str, ...]]] = {
    "inner-last.test": itertools.repeat((ALLOWED, INNER)),
    "inner-first.test": itertools.repeat((INNER, ALLOWED)),
    "changing.test": itertools.cycle([(ALLOWED,), (INNER,)]),
    "pictures.test": itertools.repeat((NAMED,)),
    "others.test": itertools.repeat((NAMED,)),
}


def look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> list[Any]:
    """Stands for the system's resolver; each process has its own turn of what changes."""
    if host not in _addresses:
        return _look_up(host, port, *arguments, **options)
    return [
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port or 0))
        for address in next(_addresses[host])
    ]


if __name__ == "__main__":
    mock.patch("socket.getaddrinfo", look_up).start()
    mock.patch("gateway.pool.from_settings.prepare", faults.prepare).start()
    serve(Settings(), build)
