"""What is left of tasks when workers, engine processes, the master and the database are killed.

Callers queue template matches over the AeroVision API while that goes on. Afterwards each task
must have ended once, with the result that an undisturbed one has, and each end must have been told
to its caller's webhook, with a valid signature. A trigger of the database counts the ends.
"""

import argparse
import hashlib
import hmac
import json
import os
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import httpx
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, Select, func, select

from auth.api_keys import ApiKeys
from auth.users import Users
from gateway.dialects.aerovision.routes import WEBHOOKS
from gateway.dialects.aerovision.webhooks import SIGNATURE
from gateway.settings import Settings
from gateway.store.database import open_database
from gateway.store.tables import deliveries, tasks
from tests import servers
from tests.attack.engine_processes import engines
from tests.attack.task_ends import ends, note_ends
from tests.gateway.dialects.aerovision.matches import TASKS, TEMPLATE, both
from tests.serving import WAIT_SECONDS, Served, running, wait_until
from tests.sources import Quiet, source

SEED = 16
CALLERS = 4
SIZE = 1600, 1200
PIECE = 160, 120
PLACES = 5
RECEIVER = "127.0.0.1"
MAX_SECONDS = 600
PAUSE_SECONDS = (1.0, 5.0)
"""Before each kill, drawn evenly."""
AGAIN_SECONDS = 0.2

Pixels: TypeAlias = NDArray[np.uint8]
Place: TypeAlias = tuple[int, int]
Found: TypeAlias = tuple[dict[str, Any], list[bytes]]
"""What is said of a match, and its pictures."""


@dataclass
class Caller:
    """An account with an API key, a picture, and a webhook.

    Args:
        places: where in the picture its templates lie.
        queued: the place of each task.
        repeats: requests that were sent again for want of an answer.
        told: how often each task was told of at the webhook, with a valid signature.
        forged: how often something came there without.
    """

    id: str
    key: str
    secret: str
    pixels: Pixels
    places: list[Place]
    queued: dict[str, Place] = field(default_factory=dict)
    repeats: int = 0
    told: Counter[str] = field(default_factory=Counter)
    forged: int = 0

    def files(self, place: Place) -> dict[str, tuple[str, bytes]]:
        """The picture, and a template out of it."""
        (x, y), (width, height) = place, PIECE
        return both(_jpeg(self.pixels), _jpeg(self.pixels[y : y + height, x : x + width]))


def _jpeg(pixels: Pixels) -> bytes:
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def new_caller(database: Engine, number: int) -> Caller:
    """A caller with an account and a picture of its own."""
    name = f"caller-{number}"
    user = Users(database).add(name, secrets.token_urlsafe(12))
    chance = np.random.default_rng([SEED, number])
    pixels = cv2.resize(chance.integers(0, 256, (60, 80, 3), np.uint8), SIZE).astype(np.uint8)
    room = [whole - part for whole, part in zip(SIZE, PIECE, strict=True)]
    places = [(int(x), int(y)) for x, y in chance.integers(0, room, (PLACES, 2))]
    return Caller(user.id, ApiKeys(database).add(name), secrets.token_hex(16), pixels, places)


@contextmanager
def receiving(callers: Sequence[Caller]) -> Iterator[str]:
    """A receiver of the callers' webhooks, each at a path of its number; its address."""

    class Receiver(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            caller = callers[int(self.path.removeprefix("/"))]
            digest = hmac.new(caller.secret.encode(), body, hashlib.sha256).hexdigest()
            if self.headers[SIGNATURE] == f"sha256={digest}":
                caller.told[json.loads(body)["uid"]] += 1
            else:
                caller.forged += 1
            self.send_response(204)
            self.end_headers()

    with source(Receiver) as address:
        yield address


class Chaos:
    """Kills what is named, and starts again what nothing else starts.

    `deeds` says for each kill how many tasks were worked on, or waited, just before it.
    """

    def __init__(self, served: Served, database: Engine, server: servers.Server | None) -> None:
        self._served = served
        self._database = database
        self._server = server
        self._chance = random.Random(SEED)
        self.deeds: list[str] = []

    def reign(self, kills: int) -> None:
        """Kill so often, after pauses of chance; the database is restarted in between."""
        kinds: list[Callable[[], None]] = [self.worker, self.engine, self.worker, self.master]
        deeds = [kinds[number % len(kinds)] for number in range(kills)]
        if self._server:
            deeds += [self.database] * max(1, kills // 5)
        self._chance.shuffle(deeds)
        for deed in deeds:
            time.sleep(self._chance.uniform(*PAUSE_SECONDS))
            self.deeds.append(f"{deed.__name__} {unfinished(self._database)}")
            deed()

    def worker(self) -> None:
        self._kill(self._served.workers)

    def engine(self) -> None:
        self._kill(lambda: engines(self._served))

    def master(self) -> None:
        self._served.process.kill()
        self._served.process.wait(WAIT_SECONDS)
        wait_until(lambda: not self._served.processes())
        self._served.start()

    def database(self) -> None:
        assert self._server
        self._server.stop()
        time.sleep(self._chance.uniform(0, 2))
        self._server.start()

    def _kill(self, candidates: Callable[[], list[psutil.Process]]) -> None:
        """One of them, as soon as there is one."""
        while True:
            with suppress(psutil.NoSuchProcess, IndexError):
                self._chance.choice(candidates()).kill()
                return
            time.sleep(AGAIN_SECONDS)


def unfinished(database: Engine) -> int:
    """Tasks that have not ended."""
    return _count(database, select(func.count()).where(tasks.c.finished_at.is_(None)))


def pending(database: Engine) -> int:
    """Deliveries that have not arrived, as far as is known."""
    return _count(database, select(func.count()).where(deliveries.c.finished_at.is_(None)))


def _count(database: Engine, asked: Select[int]) -> int:
    with database.begin() as connection:
        return connection.execute(asked).scalar_one()


def ask(served: Served, caller: Caller, method: str, path: str, **sent: Any) -> httpx.Response:
    """What is answered in the end; while processes are killed one asks until there is an answer."""
    end = time.monotonic() + MAX_SECONDS
    while True:
        with suppress(httpx.TransportError):
            url, headers = served.url + path, {"X-API-Key": caller.key}
            answer = httpx.request(
                method, url, headers=headers, trust_env=False, timeout=WAIT_SECONDS, **sent
            )
            if answer.status_code < 500:
                return answer.raise_for_status()
        assert time.monotonic() < end, f"no answer within {MAX_SECONDS} s"
        caller.repeats += 1
        time.sleep(AGAIN_SECONDS)


def queue(served: Served, caller: Caller, count: int) -> None:
    """Queue matches of one template after another."""
    for number in range(count):
        place = caller.places[number % PLACES]
        caller.queued[queued(served, caller, place)] = place


def queued(served: Served, caller: Caller, place: Place) -> str:
    """The name of a new task."""
    wanted: dict[str, Any] = {"files": caller.files(place), "data": {"max_results": 1}}
    return str(ask(served, caller, "POST", TEMPLATE, **wanted).json()["uid"])


def found(served: Served, caller: Caller, uid: str) -> Found | None:
    """What a task has found, when it is done."""
    task = ask(served, caller, "GET", f"{TASKS}/{uid}").json()
    if task["status"] != "done":
        return None
    files = [ask(served, caller, "GET", f"/{name}").content for name in task["result_files"]]
    return task["result_data"], files


def wrong(served: Served, caller: Caller) -> int:
    """How many tasks found their template elsewhere, or another thing than an undisturbed one."""
    undisturbed = {place: queued(served, caller, place) for place in caller.places}
    known = dict[Place, Found]()
    for place, uid in undisturbed.items():
        wait_until(partial(found, served, caller, uid))
        if (answer := found(served, caller, uid)) and _is_at(place, answer):
            known[place] = answer
    return sum(
        place not in known or found(served, caller, uid) != known[place]
        for uid, place in caller.queued.items()
    )


def _is_at(place: Place, answer: Found) -> bool:
    matches = answer[0]["matches"]
    return [(one["x"], one["y"]) for one in matches] == [place]


@contextmanager
def database_of(kind: str) -> Iterator[tuple[str, servers.Server | None]]:
    """The address of a new database, and the server that can be restarted, if there is one."""
    if kind == "sqlite":
        yield "", None
        return
    with servers.postgresql() as server:
        yield servers.new_database(server.address), server


def measure(kind: str, count: int, kills: int) -> list[str]:
    """Let chaos reign, and print what is left; answers what is wrong with it."""
    with database_of(kind) as (address, server), tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        database = open_database(Settings(data=data, database=address).database_url)
        note_ends(database)
        callers = [new_caller(database, number) for number in range(CALLERS)]
        settings = {"database": address, "fetch_allow": RECEIVER}
        with (
            receiving(callers) as receiver,
            running(data, "gateway", "serve", **settings) as served,
            ThreadPoolExecutor(CALLERS + 1) as pool,
        ):
            for number, caller in enumerate(callers):
                wanted = {"url": f"{receiver}/{number}", "secret": caller.secret}
                ask(served, caller, "POST", WEBHOOKS, json=wanted)
            chaos = Chaos(served, database, server)
            reigning = pool.submit(chaos.reign, kills)
            for queueing in [pool.submit(queue, served, one, count // CALLERS) for one in callers]:
                queueing.result()
            reigning.result()
            print(f"{kind}: killed, with so many tasks unfinished: {', '.join(chaos.deeds)}")
            wait_until(lambda: not unfinished(database), seconds=MAX_SECONDS)
            wait_until(lambda: not pending(database), seconds=MAX_SECONDS)
            faults = _faults(kind, database, callers)
            faults["wrong"] = sum(wrong(served, one) for one in callers)
        database.dispose()
    print(f"{kind}: {', '.join(f'{number} {what}' for what, number in faults.items())}")
    return [f"{kind}: {number} {what}" for what, number in faults.items() if number]


def _faults(kind: str, database: Engine, callers: Sequence[Caller]) -> dict[str, int]:
    with database.begin() as connection:
        asked = select(tasks.c.id, tasks.c.owner, tasks.c.status, tasks.c.attempts, tasks.c.failure)
        rows = connection.execute(asked).all()
    counted, told = ends(database), sum((one.told for one in callers), Counter[str]())
    theirs = {one.id: {row.id for row in rows if row.owner == one.id} for one in callers}
    queued = {uid for one in callers for uid in one.queued}
    # What is queued has no idempotency key here: the second of two may be the one that is known.
    unknown = len({row.id for row in rows} - queued)
    print(
        f"{kind}: {len(queued)} tasks, and {unknown} whose name was lost on its way to the caller"
    )
    print(f"{kind}: begun so often {_counts(row.attempts for row in rows)}")
    print(f"{kind}: told so often {_counts(told.values())}")
    for row in rows:
        if row.failure:
            print(f"{kind}: {row.id} begun {row.attempts} times: {row.failure}")
    return {
        "lost": len(queued - {row.id for row in rows}),
        "too many": max(0, unknown - sum(one.repeats for one in callers)),
        "not done": sum(row.status != "done" for row in rows),
        "not ended once": sum(counted[row.id] != 1 for row in rows),
        "not told of": sum(len(theirs[one.id] - one.told.keys()) for one in callers),
        "told to others": sum(len(one.told.keys() - theirs[one.id]) for one in callers),
        "badly signed": sum(one.forged for one in callers),
    }


def _counts(numbers: Iterable[int]) -> dict[int, int]:
    return dict(sorted(Counter(numbers).items()))


def main() -> None:
    """Print what is left of the tasks; the exit code is 1 where that is not all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--kinds", nargs="*", default=["sqlite", "postgresql"])
    chosen = parser.parse_args()
    kills = max(4, chosen.tasks // 20)
    print(
        f"{chosen.tasks} tasks of {CALLERS} callers, {kills} kills, 2 workers, "
        f"seed {SEED}, {os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}"
    )
    faults = list[str]()
    for kind in chosen.kinds:
        try:
            faults += measure(kind, chosen.tasks, kills)
        except pytest.skip.Exception as lack:
            print(f"{kind}: left out, {lack}")
    if faults:
        sys.exit(f"Tasks did not survive: {'; '.join(faults)}.")


if __name__ == "__main__":
    main()
