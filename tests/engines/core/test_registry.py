"""The catalogue: what a function's declaration says of an engine, and how one is found."""

from typing import Any

import numpy as np
import pytest
from pydantic import Field

from engines.core import registry
from engines.core.registry import Engine, by_service, catalogue, engine, engine_named
from engines.core.shapes import Details, EngineResult, Image, Info, Mask, Parameters, Picture


class Params(Parameters):
    """What the engines here can be told."""

    radius: int = Field(1, ge=0)


class Shown(EngineResult[Info]):
    """A result with one picture."""

    picture: Picture


class Counted(EngineResult[Info]):
    """A result with none."""

    count: int


def shown(image: Image, roi: Mask | None = None, *, params: Params) -> Shown:
    """Show the picture as it is. It says no more."""
    return Shown(picture=Picture(image), details=Details(info=Info()))


def counted(image: Image, *, params: Params) -> Counted:
    """Count the pixels."""
    return Counted(count=image.size, details=Details(info=Info()))


@pytest.fixture(autouse=True)
def _forgotten_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue()
    monkeypatch.setattr(registry, "_engines", dict(registry._engines))


def declared(compute: Any, **told: Any) -> Engine:
    engine(version="1.2.3", **told)(compute)
    return engine_named(compute.__name__)


def test_a_declaration_holds_what_the_function_says() -> None:
    one = declared(shown)
    assert (one.name, one.version) == ("shown", "1.2.3")
    assert one.description == "Show the picture as it is. It says no more"
    assert (one.params, one.result, one.info) == (Params, Shown, Info)


def test_inputs_are_named_in_their_order_and_may_be_left_out_if_they_have_a_default() -> None:
    inputs = declared(shown).inputs
    assert [(one.name, one.is_required) for one in inputs] == [("image", True), ("roi", False)]


def compared(first: Image, second: Image, roi: Mask | None = None, *, params: Params) -> Shown:
    """Show the second."""
    return Shown(picture=Picture(second), details=Details(info=Info()))


def test_the_first_of_two_pictures_is_the_reference_unless_said_otherwise() -> None:
    assert declared(compared).arranged("picture", "other") == ("other", "picture", None)
    told = declared(compared, reference="second")
    assert told.arranged("picture", "other") == ("picture", "other", None)
    assert declared(shown).arranged("picture", None) == ("picture", None)


def test_an_argument_that_does_not_say_how_it_is_decoded_is_no_input() -> None:
    def odd(image: int, *, params: Params) -> Shown:
        """Take a number."""
        raise AssertionError

    with pytest.raises(TypeError, match="int"):
        declared(odd)


def test_the_only_picture_of_a_result_shows_it() -> None:
    one = declared(shown)
    assert one.draw is not None
    image = np.zeros((2, 2, 3), np.uint8)
    result = shown(image, params=Params())
    assert one.draw(image, None, result) is result.picture


def test_without_a_picture_there_is_nothing_to_show() -> None:
    assert declared(counted).draw is None


def test_an_engine_may_have_a_deadline_of_its_own() -> None:
    assert declared(shown).deadline_seconds is None
    assert declared(counted, deadline_seconds=600).deadline_seconds == 600


def test_the_catalogue_lists_the_engines_of_the_package_alone() -> None:
    declared(shown)
    catalogue.cache_clear()
    assert "edges" in catalogue()
    assert "shown" not in catalogue()
    assert by_service("shown") is None


def test_an_engine_of_the_catalogue_is_found_by_its_name() -> None:
    assert engine_named("heat_map") is catalogue()["heat_map"]
    assert by_service("heatMap") is catalogue()["heat_map"]


def test_there_is_no_engine_that_nobody_declared() -> None:
    with pytest.raises(KeyError):
        engine_named("nothing")


def test_two_engines_cannot_have_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "__name__", "edges")
    with pytest.raises(ValueError, match=r"^engines\.edges has an engine edges already\.$"):
        engine(version="1.0.0")(shown)


def test_an_engine_may_be_declared_again_by_its_own_module() -> None:
    assert declared(shown) is not declared(shown)
