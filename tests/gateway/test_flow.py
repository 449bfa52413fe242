"""What a request holds on its way, as others see it."""

from pathlib import Path

import pytest
from starlette.routing import Router
from starlette.types import Message

from engines.core.run import Answer, Job, Steps
from gateway.cache.memory import MemoryAnswers
from gateway.cache.results import ResultCache
from gateway.dialects.table import DialectTable
from gateway.intake.pictures import Intake
from gateway.limits.admission import Admission, Places
from gateway.limits.memory_budget import MemoryBudget
from gateway.metrics import Metrics
from gateway.pool import Observe, Timing
from gateway.settings import Settings
from gateway.tracing import Tracing
from gateway.write_behind import WriteBehind

pytestmark = pytest.mark.anyio

ADA = "192.0.2.7"
BODY = b"image=iVBORw0KGgo%3D"


class Watched:
    """Stands for the pool, and for the client; notes what the caller holds meanwhile."""

    def __init__(self, answer: bytes) -> None:
        self.budget = MemoryBudget(10_000)
        self.held = list[int]()
        self.fields = dict[bytes, bytes]()
        self._answer = answer

    async def run(
        self, job: Job, *, deadline_seconds: float, owner: str, observe: Observe
    ) -> Answer:
        self.held.append(self.budget.held_by[owner])
        observe(job.engine, Timing(0.002, 0.03, Steps(0, 1_000_000, 20_000_000, 25_000_000)))
        return Answer(self._answer, "image/png")

    async def receive(self) -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(self, message: Message) -> None:
        self.fields |= dict(message.get("headers", ()))
        self.held.append(self.budget.held_by[ADA])


async def fetch_nothing(url: str, owner: str) -> bytes:
    raise AssertionError(url)


async def ask(watched: Watched, folder: Path, cache: ResultCache | None = None) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "content-length": "20"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v2/services/image/edges",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (ADA, 1),
        "state": {
            "settings": Settings(data=folder, open_dialects=("ltu",)),
            "budget": watched.budget,
            "admission": Admission(Places(0)),
            "intake": Intake(fetch_nothing, max_bytes=1_000),
            "pool": watched,
            "cache": cache,
            "metrics": Metrics(),
            "tracing": Tracing(),
            "write_behind": WriteBehind(),
        },
    }
    await Router(DialectTable().routes)(scope, watched.receive, watched.send)


async def test_a_picture_and_then_its_answer_count_for_the_caller(tmp_path: Path) -> None:
    watched = Watched(bytes(50_000))
    await ask(watched, tmp_path)
    assert watched.held == [8, 50_000, 50_000]
    assert watched.budget.held_bytes == 0


async def test_an_answer_tells_what_its_time_went_to(tmp_path: Path) -> None:
    watched = Watched(b"answer")
    await ask(watched, tmp_path)
    assert watched.fields[b"server-timing"].startswith(b"intake;dur=")
    assert watched.fields[b"server-timing"].endswith(
        b", queue;dur=2.0, engine;dur=25.0, present;dur=5.0"
    )


async def test_an_answer_that_is_kept_is_not_computed_again(tmp_path: Path) -> None:
    kept = MemoryAnswers(most_bytes=10_000, seconds=60, clock=lambda: 0)
    cache = ResultCache(kept, generation="", is_shared=False, largest_bytes=1_000)
    watched = Watched(b"answer")
    await ask(watched, tmp_path, cache)
    assert watched.fields[b"cache-status"] == b"Pixelgate; fwd=miss"
    await ask(watched, tmp_path, cache)
    assert watched.fields[b"cache-status"] == b"Pixelgate; hit"
    assert watched.held == [8, 6, 6, 6, 6]
    assert watched.budget.held_bytes == 0
