"""Which answer an Accept header asks for."""

import pytest

from gateway.intake.accept import prefers


@pytest.mark.parametrize(
    "accept",
    [
        "image/png",
        "IMAGE/PNG",
        "image/*",
        "image/png;q=0.9, application/json;q=0.8",
        "image/png, */*",
        "image/png, application/json",
        "application/json;q=0, image/png",
    ],
)
def test_a_picture_is_answered_where_it_is_asked_for_first(accept: str) -> None:
    assert prefers(accept, "image/png", "application/json")


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/json, image/png",
        "image/png;q=0",
        "image/png;q=nonsense",
        "image/png;q=0.2, */*;q=0.8",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "image/jpeg",
    ],
)
def test_json_is_answered_otherwise(accept: str) -> None:
    assert not prefers(accept, "image/png", "application/json")
