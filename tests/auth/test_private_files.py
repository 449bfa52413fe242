"""Files appear whole or not at all, and are read by their owner alone."""

import stat
from pathlib import Path

import pytest

from auth.private_files import appearing, draft_of, write_private


def _begin(path: Path) -> None:
    with appearing(path) as file:
        file.write(b"ne")
        raise RuntimeError


def test_a_file_is_its_owners_alone_and_leaves_no_draft(tmp_path: Path) -> None:
    write_private(tmp_path / "key", b"secret")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_what_is_not_written_to_its_end_changes_nothing(tmp_path: Path) -> None:
    write_private(tmp_path / "key", b"old")
    with pytest.raises(RuntimeError):
        _begin(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_a_draft_that_was_left_is_written_anew_and_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"untouched")
    draft_of(tmp_path / "key").symlink_to(tmp_path / "other")
    write_private(tmp_path / "key", b"secret")
    assert (tmp_path / "other").read_bytes() == b"untouched"
    assert (tmp_path / "key").read_bytes() == b"secret"
