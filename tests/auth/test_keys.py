"""Signing keys: made once, kept private, rotated while tokens live."""

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)

from auth.errors import SigningKeyUnusable
from auth.keys import PUBLISHED_BEFORE_USE_SECONDS, KeyRing
from tests.auth.conftest import Clock, MakeRealm, Realm

CERTS = "/realms/Production/protocol/openid-connect/certs"
LIFETIME = 600


def open_ring(folder: Path, clock: Clock) -> KeyRing:
    return KeyRing(folder, lifetime_seconds=LIFETIME, clock=clock)


def kids(ring: KeyRing) -> list[str]:
    return [key.kid for key in ring.published()]


def test_nobody_else_may_read_the_keys(tmp_path: Path, clock: Clock) -> None:
    open_ring(tmp_path / "keys", clock).rotate()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_the_keys_outlive_the_process(tmp_path: Path, clock: Clock) -> None:
    first, second = open_ring(tmp_path, clock), open_ring(tmp_path, clock)
    assert kids(first) == kids(second)
    assert first.refresh_secret == second.refresh_secret


def test_workers_that_start_at_once_agree_on_one_key(tmp_path: Path, clock: Clock) -> None:
    with ThreadPoolExecutor(4) as threads:
        rings = list(threads.map(lambda _: open_ring(tmp_path, clock), range(4)))
    assert len({ring.signing().kid for ring in rings}) == 1
    assert len({ring.refresh_secret for ring in rings}) == 1


def test_a_new_key_is_published_before_it_signs(tmp_path: Path, clock: Clock) -> None:
    ring = open_ring(tmp_path, clock)
    old = ring.signing().kid
    new = ring.rotate()
    assert kids(ring) == [old, new]
    assert ring.signing().kid == old
    clock.turn(PUBLISHED_BEFORE_USE_SECONDS)
    assert ring.signing().kid == new


def test_other_workers_know_a_new_key_before_it_signs(tmp_path: Path, clock: Clock) -> None:
    ring, other = open_ring(tmp_path, clock), open_ring(tmp_path, clock)
    new = ring.rotate()
    clock.turn(2)
    assert new in kids(other)
    assert other.signing().kid != new


def test_the_old_key_stays_as_long_as_its_tokens(tmp_path: Path, clock: Clock) -> None:
    ring = open_ring(tmp_path, clock)
    old, new = ring.signing().kid, ring.rotate()
    clock.turn(PUBLISHED_BEFORE_USE_SECONDS + LIFETIME - 0.1)
    assert kids(ring) == [old, new]
    clock.turn(0.1)
    assert kids(ring) == [new]
    assert ring.find(old) is None


def test_rotating_drops_the_files_of_keys_nobody_needs(tmp_path: Path, clock: Clock) -> None:
    ring = open_ring(tmp_path, clock)
    ring.rotate()
    clock.turn(PUBLISHED_BEFORE_USE_SECONDS + LIFETIME)
    ring.rotate()
    assert len(list(tmp_path.glob("*.pem"))) == 2


def test_keys_that_vanish_leave_a_running_worker_its_own(tmp_path: Path, clock: Clock) -> None:
    ring = open_ring(tmp_path, clock)
    kid = ring.signing().kid
    for path in tmp_path.glob("*.pem"):
        path.unlink()
    clock.turn(10)
    assert ring.signing().kid == kid


def test_a_clock_set_back_does_not_stop_a_worker_from_looking(tmp_path: Path, clock: Clock) -> None:
    ring, other = open_ring(tmp_path, clock), open_ring(tmp_path, clock)
    new = ring.rotate()
    clock.turn(-3_600)
    assert new in kids(other)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAA\n"])
def test_a_file_that_is_no_key_is_told(tmp_path: Path, clock: Clock, content: bytes) -> None:
    (tmp_path / "1.0-kid.pem").write_bytes(content)
    with pytest.raises(SigningKeyUnusable, match=r"1\.0-kid\.pem"):
        open_ring(tmp_path, clock)


def test_a_key_of_another_kind_is_told(tmp_path: Path, clock: Clock) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "1.0-kid.pem").write_bytes(pem)
    with pytest.raises(SigningKeyUnusable):
        open_ring(tmp_path, clock)


def test_a_short_secret_is_told(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "refresh.secret").write_bytes(b"short")
    with pytest.raises(SigningKeyUnusable, match="5 bytes, not 64"):
        open_ring(tmp_path, clock)


def test_a_published_key_is_a_jwk_of_the_public_half_only(tmp_path: Path, clock: Clock) -> None:
    key = open_ring(tmp_path, clock).signing()
    assert set(key.jwk) == {"kid", "kty", "alg", "use", "n", "e"}
    assert (key.jwk["kty"], key.jwk["alg"], key.jwk["use"]) == ("RSA", "RS256", "sig")
    numbers = RSAPublicNumbers(*(_integer(key.jwk[name]) for name in "en"))
    assert numbers == key.private.public_key().public_numbers()
    assert "=" not in key.jwk["n"] + key.jwk["e"]


@pytest.mark.anyio
async def test_a_token_of_before_a_rotation_still_passes(
    realm: Realm, make_realm: MakeRealm
) -> None:
    worker = make_realm()
    old = (await realm.log_in())["access_token"]
    realm.issuer.keys.rotate()
    realm.clock.turn(PUBLISHED_BEFORE_USE_SECONDS)
    new = (await realm.log_in())["access_token"]
    assert old.split(".")[0] != new.split(".")[0]
    for token in (old, new):
        assert (await worker.issuer.guard.authenticate_token(token)).name == "ada"


@pytest.mark.anyio
async def test_certs_show_two_keys_during_a_rotation(realm: Realm) -> None:
    realm.issuer.keys.rotate()
    answer = await realm.client.get(CERTS)
    assert [key["use"] for key in answer.json()["keys"]] == ["sig", "sig"]
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.anyio
async def test_the_realm_shows_the_key_that_signs(realm: Realm) -> None:
    shown = (await realm.client.get("/realms/Production")).json()
    key = load_der_public_key(base64.b64decode(shown["public_key"]))
    assert key == realm.issuer.keys.signing().private.public_key()
    assert json.dumps(shown).count("http://pixelgate.test:8000/realms/Production/") == 2


def _integer(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")
