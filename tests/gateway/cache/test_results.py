"""An answer is found by all that it depends on, and by nobody else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engines.anonymize import Params as OtherParams
from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from engines.core.registry import catalogue
from engines.edges import Params
from engines.models.weights import ModelFiles
from gateway.cache import results
from gateway.cache.memory import MemoryAnswers
from gateway.cache.results import SHORT_BYTES, ResultCache, generation_of, open_result_cache
from gateway.settings import Settings
from tests.gateway.cache.answers import answer, job

pytestmark = pytest.mark.anyio


def cache(*, is_shared: bool = False, generation: str = "now") -> ResultCache:
    kept = MemoryAnswers(most_bytes=1_000, seconds=60, clock=lambda: 0)
    return ResultCache(kept, generation=generation, is_shared=is_shared, largest_bytes=100)


async def test_the_same_question_has_the_same_key() -> None:
    assert await cache().key(job(), "ada") == await cache().key(job(), "ada")


@pytest.mark.parametrize(
    "changes",
    [
        {"picture": b"picturf"},
        {"picture": bytes(SHORT_BYTES + 1)},
        {"params": Params(edge_thickness=7)},
        {"present": "gateway.dialects.ltu.present:picture"},
        {"engine": "anonymize", "params": OtherParams()},
        {"names": ("photograph",)},
        {"decoders": (PictureDecoder(Mode.GREY, ("image/png",)),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_another_question_has_another_key(changes: dict[str, Any]) -> None:
    assert await cache().key(job(**changes), "ada") != await cache().key(job(), "ada")


async def test_callers_have_keys_of_their_own_unless_they_share() -> None:
    assert await cache().key(job(), "ada") != await cache().key(job(), "bob")
    shared = cache(is_shared=True)
    assert await shared.key(job(), "ada") == await shared.key(job(), "bob")


async def test_what_is_left_out_is_not_what_is_empty() -> None:
    one, other = replace(job(), inputs=(b"", None)), replace(job(), inputs=(None, b""))
    assert await cache().key(one, "ada") != await cache().key(other, "ada")


async def test_files_have_no_key(tmp_path: Path) -> None:
    assert await cache().key(replace(job(), inputs=(tmp_path,)), "ada") is None


async def test_an_answer_that_is_too_large_is_not_kept() -> None:
    kept = cache()
    for size in (100, 101):
        await kept.put(str(size), answer(size))
    assert [await kept.get("100"), await kept.get("101")] == [answer(100), None]


async def test_another_generation_has_other_keys() -> None:
    before, after = cache(), cache(generation="later")
    assert await before.key(job(), "ada") != await after.key(job(), "ada")


def _newer_engine(patch: pytest.MonkeyPatch) -> None:
    known = {**catalogue()}
    known["edges"] = replace(known["edges"], version="99.0.0")
    patch.setattr(results, "catalogue", lambda: known)


def _newer_package(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(results, "VERSION", "99.0.0")


@pytest.mark.parametrize("change", [_newer_engine, _newer_package])
def test_another_version_is_another_generation(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    before = generation_of({})
    change(monkeypatch)
    assert generation_of({}) != before


def test_other_files_of_a_model_are_another_generation(tmp_path: Path) -> None:
    own = ModelFiles(tmp_path / "own.onnx", tmp_path / "labels.json")
    seen = {generation_of({}), generation_of({"detector": own})}
    for name in ("own.onnx", "own.toml", "labels.json"):
        (tmp_path / name).write_text("other")
        seen.add(generation_of({"detector": own}))
    assert len(seen) == 5
    assert generation_of({"detector": own}) in seen


def test_none_is_kept_where_none_is_wanted() -> None:
    assert open_result_cache(Settings()) is None
