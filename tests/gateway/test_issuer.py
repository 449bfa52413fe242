"""Whose tokens are believed, and what of the settings the issuer is told."""

from dataclasses import fields
from pathlib import Path

import pytest

from auth.config import IssuerConfig
from auth.errors import IssuerRefused
from gateway.issuer import in_embedded, in_outside, issuer_config
from gateway.settings import Settings
from gateway.store.database import open_database

pytestmark = pytest.mark.anyio

SCOPES = frozenset({"edges"})
OTHER_SETTINGS = Settings(
    public_url="https://pixelgate.example/api",
    realm="Other",
    access_seconds=61,
    refresh_seconds=62,
    session_seconds=63,
    offline_idle_seconds=64,
    rotate_refresh=False,
    require_https=True,
)


@pytest.mark.parametrize("name", [one.name for one in fields(IssuerConfig)])
def test_every_choice_reaches_the_embedded_issuer(name: str) -> None:
    untouched = IssuerConfig("http://127.0.0.1:8000")
    assert getattr(issuer_config(OTHER_SETTINGS, SCOPES), name) != getattr(untouched, name)


async def test_the_embedded_issuer_names_its_token_endpoint(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, public_url="https://pixelgate.example")
    wiring = in_embedded(settings, open_database(settings.database_url), SCOPES)
    token_url = "https://pixelgate.example/realms/Production/protocol/openid-connect/token"
    assert await wiring.token_url() == token_url
    assert wiring.routes


def test_an_outside_issuer_leaves_no_routes(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, issuer="https://issuer.example")
    assert in_outside(settings, open_database(settings.database_url), SCOPES).routes == []
    assert not (tmp_path / "keys").exists()


def test_what_a_setting_lets_through_is_checked_again(tmp_path: Path) -> None:
    database = open_database(Settings(data=tmp_path).database_url)
    settings = Settings().model_copy(update={"issuer": "http://issuer.example"})
    with pytest.raises(IssuerRefused):
        in_outside(settings, database, SCOPES)
