"""Sealed secrets: what opens them, and what does not."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import SecretUnreadable
from gateway.store.secret_box import SecretBox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def key_of(folder: Path) -> Path:
    return folder / "secrets.fernet"


def test_what_is_sealed_can_be_opened_by_another_worker(folder: Path) -> None:
    sealed = SecretBox(folder).seal("gehëim\0")
    assert SecretBox(folder).open(sealed) == "gehëim\0"


def test_what_is_sealed_cannot_be_read_or_compared(folder: Path) -> None:
    first, second = (SecretBox(folder).seal("secret") for _ in range(2))
    assert "secret" not in first
    assert first != second


def test_nobody_else_may_read_the_key(folder: Path) -> None:
    SecretBox(folder).seal("secret")
    assert stat.S_IMODE(key_of(folder).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_workers_that_begin_at_once_agree_on_one_key(folder: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        sealed = list(threads.map(lambda text: SecretBox(folder).seal(text), "abcdefgh"))
    assert [SecretBox(folder).open(one) for one in sealed] == [*"abcdefgh"]


def test_a_lost_key_is_not_made_anew_by_reading(folder: Path) -> None:
    sealed = SecretBox(folder).seal("secret")
    key = key_of(folder).rename(folder / "backup")
    with pytest.raises(SecretUnreadable, match="is gone"):
        SecretBox(folder).open(sealed)
    key.rename(key_of(folder))
    assert SecretBox(folder).open(sealed) == "secret"


def test_another_key_opens_nothing(folder: Path, tmp_path: Path) -> None:
    SecretBox(folder).seal("secret")
    with pytest.raises(SecretUnreadable, match="another key"):
        SecretBox(folder).open(SecretBox(tmp_path / "others").seal("secret"))


def test_a_damaged_key_is_told_and_not_replaced(folder: Path) -> None:
    SecretBox(folder).seal("secret")
    key_of(folder).write_bytes(b"damaged")
    with pytest.raises(SecretUnreadable, match="is damaged"):
        SecretBox(folder).seal("secret")
    assert key_of(folder).read_bytes() == b"damaged"


def test_a_text_that_was_changed_is_not_opened(folder: Path) -> None:
    sealed = SecretBox(folder).seal("secret")
    with pytest.raises(SecretUnreadable):
        SecretBox(folder).open(sealed[:-3])
