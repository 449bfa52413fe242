"""Callers of the scaled-out service, who know the right answers beforehand and ask until served."""

import hashlib
import hmac
import json
import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import cycle
from typing import Any, NamedTuple

import httpx
import numpy as np

from benchmarks.http import job_of
from benchmarks.picture import jpeg
from benchmarks.scale.site import Site
from engines.core.run import run
from gateway.dialects.aerovision.webhooks import SIGNATURE
from tests.gateway.dialects.aerovision.matches import TASKS, TEMPLATE, both
from tests.gateway.dialects.celantur.pictures import (
    ASYNC,
    FILE,
    HEIGHT,
    TASK,
    WIDTH,
    decoded,
    encoded,
    sent,
)
from tests.sources import Quiet, source

CALM = "calm"
NATIVE = "/v2/services/image"
SERVICES = ("edges", "colorPalette", "imageQuality")
PLACE = (40, 30)
"""Where the template of `matches` lies in its picture."""
AGAIN = (502, 503)
"""Statuses after which one asks again: nobody has begun, or it may be begun once more."""
PATIENCE_SECONDS = 180
ENDED = ("done", "error", "failed")
PAUSE_SECONDS = 0.2
TASK_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, with all its repeats.

    Args:
        phase: what was going on when it was answered.
        caller: the number of its thread.
        again: why it was made again, each time.
        is_lost: no answer came, or another than a good one.
        is_wrong: a good answer came, and it is not the right one.
    """

    phase: str
    caller: int
    began: float
    ended: float
    again: tuple[str, ...]
    is_lost: bool
    is_wrong: bool

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Queued:
    """A task whose name its caller was told."""

    phase: str
    kind: str
    id: str


@dataclass
class Ledger:
    """What callers saw.

    Args:
        phase: what is going on.
        usual_seconds: how long a request may take while nothing fails.
    """

    phase: str = CALM
    usual_seconds: float = math.inf
    asked: list[Asked] = field(default_factory=list)
    queued: list[Queued] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    is_over: threading.Event = field(default_factory=threading.Event)

    def is_disturbed(self, one: Asked) -> bool:
        """Whether it was asked again, or took longer than requests do."""
        return bool(one.again) or one.is_lost or one.seconds > self.usual_seconds

    def ask(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        is_right: Callable[[httpx.Response], bool],
        **sent: Any,
    ) -> httpx.Response | None:
        """Ask until there is an answer; None if there was none worth having."""
        began, again = time.monotonic(), []
        while True:
            answer, why = _once(client, method, path, **sent)
            if not why or time.monotonic() - began > PATIENCE_SECONDS:
                break
            again.append(why)
            time.sleep(1 if answer is None else int(answer.headers.get("Retry-After", 1)))
        good = answer if answer is not None and answer.is_success else None
        self.asked.append(
            Asked(
                self.phase,
                threading.get_ident(),
                began,
                time.monotonic(),
                tuple(again),
                is_lost=good is None,
                is_wrong=good is not None and not is_right(good),
            )
        )
        if good is None:
            print(f"{self.phase}: {path} is lost: {why or (answer and answer.text)}")
        return good


def _once(
    client: httpx.Client, method: str, path: str, **sent: Any
) -> tuple[httpx.Response | None, str]:
    """The answer if there is one, and why one should ask again."""
    try:
        answer = client.request(method, path, **sent)
    except httpx.TransportError as error:
        return None, type(error).__name__
    return answer, str(answer.status_code) if answer.status_code in AGAIN else ""


def keep_asking(site: Site, ledger: Ledger) -> None:
    """One caller: a service after the other, until it is over."""
    picture = jpeg(320, 240, 20_000)
    known = {service: run(job_of(service, picture)).body for service in SERVICES}
    with site.hosts["callers"].entered(), site.client() as client:
        for service in cycle(SERVICES):
            if ledger.is_over.wait(PAUSE_SECONDS):
                return
            path, files = f"{NATIVE}/{service}", {"image": picture}
            right = known[service]
            ledger.ask(client, "POST", path, lambda answer: answer.content == right, files=files)  # noqa: B023


class Upload(NamedTuple):
    """A request that queues a task.

    Args:
        status: of the right answer.
        field: of the answer, which has the task's name.
    """

    path: str
    status: int
    field: str
    sent: dict[str, Any]


class Queuer:
    """A caller who has things done later, each kind in turn, and is told of ends by webhooks.

    Args:
        receiver: where its webhooks go.
    """

    def __init__(self, site: Site, ledger: Ledger, receiver: str) -> None:
        self._site = site
        self._ledger = ledger
        self._receiver = receiver
        self._picture = jpeg(320, 240, 20_000)
        self._known = run(job_of(SERVICES[0], self._picture)).body
        self._kinds = {
            "aerovision": (self._match, self._is_found),
            "celantur": (self._file, self._is_unchanged),
            "native": (self._service, self._is_known),
        }

    def keep_queueing(self) -> None:
        """Queue tasks until it is over."""
        with self._site.hosts["callers"].entered(), self._site.client() as client:
            for kind, (upload, _) in cycle(self._kinds.items()):
                if self._ledger.is_over.wait(TASK_PAUSE_SECONDS):
                    return
                self._queue(client, kind, upload())

    def _queue(self, client: httpx.Client, kind: str, upload: Upload) -> None:
        def is_right(answer: httpx.Response) -> bool:
            return answer.status_code == upload.status

        if told := self._ledger.ask(client, "POST", upload.path, is_right, **upload.sent):
            queued = Queued(self._ledger.phase, kind, told.json()[upload.field])
            self._ledger.queued.append(queued)

    def is_right(self, client: httpx.Client, task: Queued) -> bool | None:
        """Whether a task has ended as it should; None while it has not."""
        _, is_right = self._kinds[task.kind]
        return is_right(client, task.id)

    def _match(self) -> Upload:
        return Upload(TEMPLATE, 201, "uid", {"files": both(), "data": {"max_results": 1}})

    def _is_found(self, client: httpx.Client, id: str) -> bool | None:
        task = client.get(f"{TASKS}/{id}").raise_for_status().json()
        if task["status"] not in ENDED:
            return None
        matches = (task["result_data"] or {}).get("matches", ())
        return [(one["x"], one["y"]) for one in matches] == [PLACE]

    def _file(self) -> Upload:
        params = {"webhook": f"{self._receiver}/celantur", "face": True}
        sending = {"files": sent(encoded()), "params": params, "headers": ASYNC}
        return Upload(FILE, 200, "id", sending)

    def _is_unchanged(self, client: httpx.Client, id: str) -> bool | None:
        task = client.get(f"{TASK}/{id}").raise_for_status().json()
        if task["status"] not in ENDED:
            return None
        if task["status"] != "done":
            return False
        file = decoded(client.get(task["anonymised_link"]))
        return bool(file.shape == (HEIGHT, WIDTH, 3) and np.ptp(file, axis=(0, 1)).max() == 0)

    def _service(self) -> Upload:
        headers = {"Prefer": "respond-async", "Idempotency-Key": secrets.token_hex(8)}
        sending = {"files": {"image": self._picture}, "headers": headers}
        return Upload(f"{NATIVE}/{SERVICES[0]}", 202, "id", sending)

    def _is_known(self, client: httpx.Client, id: str) -> bool | None:
        task = client.get(f"/v2/tasks/{id}").raise_for_status().json()
        if task["status"] not in ENDED:
            return None
        return client.get(f"/v2/tasks/{id}/result").content == self._known


@contextmanager
def receiving(ledger: Ledger, host: str, secret: str) -> Iterator[str]:
    """A receiver of webhooks, which notes of which tasks it was told; its address."""

    class Receiver(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told = json.loads(body)
            if self.path == "/celantur":
                ledger.told[told["id"]] += 1
            elif self.headers[SIGNATURE] == f"sha256={_digest(secret, body)}":
                ledger.told[told["uid"]] += 1
            self.send_response(204)
            self.end_headers()

    with source(Receiver, host) as address:
        yield address


def _digest(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
