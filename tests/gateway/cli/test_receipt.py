"""Receipts checked on the command line."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from auth import receipts
from auth.keys import KeyRing
from gateway.__main__ import main

SENT = b"what was sent"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder, a receipt and the file that it is of."""
    keys = KeyRing(tmp_path / "keys", lifetime_seconds=60)
    digest = hashlib.sha256(SENT).hexdigest()
    signed = receipts.sign({"task": "7", "input": {"sha256": digest}, "output": None}, keys)
    (tmp_path / "receipt").write_text(f"{signed}\n")
    (tmp_path / "certs.json").write_text(json.dumps({"keys": [keys.signing().jwk]}))
    (tmp_path / "sent.jpg").write_bytes(SENT)
    return tmp_path


def verify(data: Path, *options: str | Path) -> Result:
    given = ["receipt", "verify", str(data / "receipt"), *map(str, options)]
    return CliRunner().invoke(main, given, env={"PIXELGATE_DATA": str(data)})


def test_a_receipt_of_the_own_keys_is_printed(data: Path) -> None:
    result = verify(data, "--input", data / "sent.jpg")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["task"] == "7"


def test_kept_keys_are_enough(data: Path) -> None:
    for key in (data / "keys").glob("*.pem"):
        key.unlink()
    assert verify(data).exit_code == 1
    assert verify(data, "--keys", data / "certs.json").exit_code == 0


@pytest.mark.parametrize("option", ["--input", "--output"])
def test_another_file_is_told(option: str, data: Path) -> None:
    (data / "other.jpg").write_bytes(b"other")
    result = verify(data, option, data / "other.jpg")
    assert result.exit_code == 1
    assert f"the receipt is of another {option[2:]}" in result.output


@pytest.mark.parametrize("text", ["", "no receipt", "a.b.c", "\xff" * 20])
def test_what_is_no_receipt_is_refused_in_words(text: str, data: Path) -> None:
    (data / "receipt").write_text(text, encoding="latin-1")
    result = verify(data)
    assert result.exit_code == 1
    assert "receipt: The token" in result.output


@pytest.mark.parametrize("keys", ["notes", "[]", '{"keys": [{"kid": "1"}]}'])
def test_what_is_no_key_set_is_refused_in_words(keys: str, data: Path) -> None:
    (data / "certs.json").write_text(keys)
    result = verify(data, "--keys", data / "certs.json")
    assert result.exit_code == 2
    assert "is no JWK set" in result.output
