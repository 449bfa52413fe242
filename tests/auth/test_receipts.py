"""Receipts: signed statements that are no tokens."""

from pathlib import Path

import pytest
from jose import jws
from jose.backends.base import Key

from auth import receipts
from auth.errors import TokenInvalid
from auth.jws_checks import Claims, read_kid
from auth.keys import KeyRing

CLAIMS: Claims = {"task": "7", "hidden": [{"type_label": "face"}] * 300}


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path, lifetime_seconds=60)


def find_in(keys: KeyRing) -> receipts.Find:
    def find(kid: str) -> Key | None:
        key = keys.find(kid)
        return key.verifier if key else None

    return find


def test_a_receipt_is_read_with_the_published_key(keys: KeyRing) -> None:
    assert receipts.read(receipts.sign(CLAIMS, keys), find_in(keys)) == CLAIMS


def test_a_receipt_is_no_token(keys: KeyRing) -> None:
    with pytest.raises(TokenInvalid, match="another type than JWT"):
        read_kid(receipts.sign({"sub": "me"}, keys), algorithm="RS256")


def test_a_token_is_no_receipt(keys: KeyRing) -> None:
    key = keys.signing()
    token = jws.sign(CLAIMS, key.signer, headers={"kid": key.kid}, algorithm="RS256")
    with pytest.raises(TokenInvalid, match="another type than RECEIPT"):
        receipts.read(token, find_in(keys))


def test_a_changed_receipt_is_refused(keys: KeyRing) -> None:
    head, _, signature = receipts.sign(CLAIMS, keys).split(".")
    _, other, _ = receipts.sign({"task": "8"}, keys).split(".")
    with pytest.raises(TokenInvalid, match="does not fit"):
        receipts.read(f"{head}.{other}.{signature}", find_in(keys))


def test_a_receipt_of_another_signer_is_refused(keys: KeyRing, tmp_path: Path) -> None:
    other = KeyRing(tmp_path / "other", lifetime_seconds=60)
    with pytest.raises(TokenInvalid, match="none of these keys"):
        receipts.read(receipts.sign(CLAIMS, other), find_in(keys))


def test_a_receipt_is_read_as_an_object_too(keys: KeyRing) -> None:
    text = receipts.as_json(receipts.sign(CLAIMS, keys)).decode()
    assert receipts.read(text, find_in(keys)) == CLAIMS


@pytest.mark.parametrize(
    "text",
    ["{", "{}", '{"protected": 1, "payload": 2, "signature": 3}', '{"a":' * 5_000, '{"a": "\xff'],
)
def test_an_object_that_is_no_receipt_is_refused(text: str, keys: KeyRing) -> None:
    with pytest.raises(TokenInvalid, match="is JSON without protected, payload, signature"):
        receipts.read(text, find_in(keys))
