"""What is believed of what others say through Dask."""

import time
from typing import Any

import pytest

from engines.core.run import Answer, Steps
from engines.process.wire_format import GarbageFrame
from gateway.errors import JobTimedOut
from gateway.pool.cluster.member import _keep
from gateway.pool.cluster.messages import CARD, Card, Reply, read_reply, reply_message

TOLD: dict[str, Any] = {"address": "tcp://a:1", "version": "1", "slots": 2, "labels": ("video",)}


def test_a_worker_s_card_is_read() -> None:
    assert Card.read({CARD: TOLD, "name": "first"}) == Card("tcp://a:1", "1", 2, ("video",))


@pytest.mark.parametrize(
    "told",
    [{}, {CARD: None}, {CARD: {}}, {CARD: TOLD | {"slots": 0}}, {CARD: TOLD | {"slots": "2"}}],
)
def test_a_worker_without_a_right_card_is_none_of_ours(told: dict[str, Any]) -> None:
    assert Card.read(told) is None


def test_a_refusal_comes_with_when_to_ask_again() -> None:
    sent = Reply(JobTimedOut("Too long.", retry_after_seconds=3), 1, 2.5)
    got = read_reply(reply_message(sent))
    assert isinstance(got.outcome, JobTimedOut)
    assert (got.outcome.message, got.outcome.retry_after_seconds) == ("Too long.", 3)
    assert (got.crashes, got.engine_seconds) == (1, 2.5)


def test_steps_are_told_by_the_clock_of_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = reply_message(Reply(Answer(b"x", "text/plain", steps=Steps(1, 2, 3, 4)), 0, 0.0))
    monkeypatch.setattr(time, "monotonic_ns", lambda: sent["now"] + 1000)
    outcome = read_reply(sent).outcome
    assert isinstance(outcome, Answer)
    assert outcome.steps == Steps(1001, 1002, 1003, 1004)


@pytest.mark.parametrize("name", ["../up", "a/b", "..", "", "/etc/passwd"])
def test_a_result_is_written_nowhere_but_into_its_folder(tmp_path: Any, name: str) -> None:
    with pytest.raises(GarbageFrame):
        _keep(tmp_path, {"keep": name, "is_first": True, "part": b"x"})
    assert not [*tmp_path.iterdir()]
