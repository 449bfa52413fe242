"""What a request holds on its way, as others see it."""

from pathlib import Path

import pytest
from starlette.routing import Router
from starlette.types import Message

from engines.core.run import Answer, Job
from gateway.dialects.table import DialectTable
from gateway.intake.pictures import Intake
from gateway.limits.admission import Admission, Places
from gateway.limits.memory_budget import MemoryBudget
from gateway.settings import Settings

pytestmark = pytest.mark.anyio

ADA = "192.0.2.7"
BODY = b"image=iVBORw0KGgo%3D"


class Watched:
    """Stands for the pool, and for the client; notes what the caller holds meanwhile."""

    def __init__(self, answer: bytes) -> None:
        self.budget = MemoryBudget(10_000)
        self.held = list[int]()
        self._answer = answer

    async def run(self, job: Job, *, deadline_seconds: float, owner: str) -> Answer:
        self.held.append(self.budget.held_by[owner])
        return Answer(self._answer, "image/png")

    async def receive(self) -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(self, message: Message) -> None:
        self.held.append(self.budget.held_by[ADA])


async def fetch_nothing(url: str, owner: str) -> bytes:
    raise AssertionError(url)


async def test_a_picture_and_then_its_answer_count_for_the_caller(tmp_path: Path) -> None:
    watched = Watched(bytes(50_000))
    headers = {"content-type": "application/x-www-form-urlencoded", "content-length": "20"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v2/services/image/edges",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (ADA, 1),
        "state": {
            "settings": Settings(data=tmp_path, open_dialects=("ltu",)),
            "budget": watched.budget,
            "admission": Admission(Places(0)),
            "intake": Intake(fetch_nothing, max_bytes=1_000),
            "pool": watched,
        },
    }
    await Router(DialectTable().routes)(scope, watched.receive, watched.send)
    assert watched.held == [8, 50_000, 50_000]
    assert watched.budget.held_bytes == 0
