"""One issuer with one user, on a database and keys of its own, and a clock that tests turn."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine
from starlette.applications import Starlette

from auth.config import IssuerConfig
from auth.issuer import Issuer
from auth.keys import KeyRing
from auth.users import Users
from gateway.errors import status_of
from gateway.store.database import open_database

PUBLIC_URL = "http://pixelgate.test:8000"
TOKEN = "/realms/Production/protocol/openid-connect/token"
LOGIN = {
    "grant_type": "password",
    "client_id": "ltu-api",
    "username": "ada",
    "password": "correct horse",
}
QUICK_HASHER = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))

# 2026-11-21; any moment does, as long as nothing reads the real clock.
START = 1_795_219_200.0


class Clock:
    """Stands still until a test turns it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


class Realm:
    """An issuer as clients see it, and its parts as the command line sees them."""

    def __init__(self, issuer: Issuer, engine: Engine, clock: Clock) -> None:
        self.issuer = issuer
        self.engine = engine
        self.clock = clock
        self.users = Users(engine, clock=clock, hasher=QUICK_HASHER)
        app = Starlette(routes=issuer.routes())
        app.router.redirect_slashes = False
        self.app = app
        self.client = self.client_from("192.0.2.1")

    def client_from(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        address = f"/realms/Production/protocol/openid-connect/{path}"
        return await self.client.post(address, data=fields)

    async def log_in(self, **changes: str) -> dict[str, Any]:
        answer = await self.client.post(TOKEN, data=LOGIN | changes)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def refresh(self, token: str, **changes: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "client_id": "ltu-api", "refresh_token": token}
        return await self.client.post(TOKEN, data=form | changes)


MakeRealm = Callable[..., Realm]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def fresh_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once and copied for each test: migrating and finding primes take their time."""
    folder = tmp_path_factory.mktemp("data")
    open_database(f"sqlite:///{folder / 'rows.sqlite'}").dispose()
    KeyRing(folder / "keys", lifetime_seconds=605, clock=Clock())
    return folder


@pytest.fixture
def engine(tmp_path: Path, fresh_data: Path) -> Iterator[Engine]:
    shutil.copytree(fresh_data, tmp_path, dirs_exist_ok=True)
    engine = open_database(f"sqlite:///{tmp_path / 'rows.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture
def make_realm(engine: Engine, clock: Clock, tmp_path: Path) -> MakeRealm:
    """Each call is another worker: the same rows and keys, nothing else in common."""

    def make(*, hasher: PasswordHash = QUICK_HASHER, **settings: object) -> Realm:
        config = replace(IssuerConfig(PUBLIC_URL), **settings)  # type: ignore[arg-type]
        issuer = Issuer(
            engine,
            config,
            tmp_path / "keys",
            status_of=status_of,
            clock=clock,
            hasher=hasher,
        )
        return Realm(issuer, engine, clock)

    return make


@pytest.fixture
def realm(make_realm: MakeRealm) -> Realm:
    realm = make_realm()
    realm.users.add(
        "ada",
        "correct horse",
        email="ada@example.com",
        given_name="Ada",
        family_name="Lovelace",
    )
    return realm
