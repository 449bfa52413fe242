"""What callers have set: of each alone, and for good."""

import asyncio

import pytest
from sqlalchemy import Engine

from gateway.store.tool_settings import ToolSettings

pytestmark = pytest.mark.anyio


async def test_values_are_set_one_by_one(database: Engine) -> None:
    settings = ToolSettings(database)
    await settings.put("ada", "template", {"threshold": 0.9, "method": "TM_SQDIFF"})
    await settings.put("ada", "template", {"threshold": 0.7, "use_grayscale": False})
    await settings.put("ada", "template", {})
    assert await settings.get("ada", "template") == {
        "threshold": 0.7,
        "method": "TM_SQDIFF",
        "use_grayscale": False,
    }


async def test_another_caller_and_another_tool_see_nothing_of_them(database: Engine) -> None:
    settings = ToolSettings(database)
    await settings.put("ada", "template", {"threshold": 0.9})
    assert await settings.get("bob", "template") == {}
    assert await settings.get("ada", "feature") == {}


async def test_what_two_set_at_once_is_set(database: Engine) -> None:
    one, other = ToolSettings(database), ToolSettings(database)
    same = {f"value{number}": number for number in range(9)}
    await asyncio.gather(
        *(one.put("ada", "tool", {**same, f"one{number}": 1}) for number in range(9)),
        *(other.put("ada", "tool", {f"other{number}": 2, **same}) for number in range(9)),
    )
    assert len(await one.get("ada", "tool")) == 27
