"""A backup of a running service is a service again, elsewhere."""

import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.auth.workers import ask, open_client
from tests.gateway.conftest import Run, no_file_beyond
from tests.serving import running, serving


def restore(file: Path, folder: Path) -> None:
    """As its help says."""
    folder.mkdir()
    subprocess.run(["tar", "-xf", file, "-C", folder], check=True)


def test_what_is_restored_knows_the_accounts_and_tokens_of_what_was_running(
    tmp_path: Path, run: Run
) -> None:
    file, second = tmp_path.with_suffix(".tar"), tmp_path.with_suffix(".restored")
    with serving(tmp_path, slots=1) as served:
        token, port = served.token(), served.port
        assert run("backup", str(file)).exit_code == 0
    restore(file, second)
    with running(second, "gateway", "serve", slots=1, port=port) as restored:
        restored.user, restored.password = served.user, served.password
        with open_client(restored) as client:
            assert ask(client, token).status_code == 400
            assert ask(client, restored.token()).status_code == 400


def test_a_backup_is_for_its_owner_alone_and_overwrites_nothing(
    run: Run, ada: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    assert run("backup", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = run("backup", str(file))
    assert again.exit_code == 1
    assert again.output.endswith("backup.tar cannot be written: File exists.\n")


def test_rows_that_cannot_be_read_make_no_backup(run: Run, ada: str, tmp_path: Path) -> None:
    for path in tmp_path.glob("pixelgate.db*"):
        path.write_bytes(b"no rows" * 1000)
    refused = run("backup", str(tmp_path / "backup.tar"))
    assert refused.exit_code == 1
    assert refused.output.endswith(": file is not a database.\n")
    assert not [*tmp_path.glob("*backup.tar*")]


def test_a_backup_for_which_there_is_no_room_leaves_nothing(
    run: Run, ada: str, tmp_path: Path
) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "large").write_bytes(bytes(2_000_000))
    with no_file_beyond(1_000_000):
        refused = run("backup", str(tmp_path / "backup.tar"))
    said = f"{tmp_path / 'backup.tar'} cannot be written: File too large.\n"
    assert (refused.exit_code, refused.output) == (1, said)
    assert not [*tmp_path.glob("*backup.tar*")]


def test_a_backup_in_the_data_folder_does_not_hold_itself(
    run: Run, ada: str, tmp_path: Path
) -> None:
    run("backup", str(tmp_path / "backup.tar"))
    with tarfile.open(tmp_path / "backup.tar") as archive:
        assert {"backup.tar", "pixelgate.db"} & {*archive.getnames()} == {"pixelgate.db"}


def test_blobs_are_in_it_and_drafts_of_them_are_not(run: Run, ada: str, tmp_path: Path) -> None:
    for name in ("blobs/last/a.png", "blobs/.drafts/b"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"blob")
    run("backup", str(tmp_path.with_suffix(".tar")))
    restore(tmp_path.with_suffix(".tar"), tmp_path / "restored")
    assert (tmp_path / "restored" / "blobs" / "last" / "a.png").read_bytes() == b"blob"
    assert not (tmp_path / "restored" / "blobs" / ".drafts").exists()


@pytest.mark.parametrize("folder", ["none", "none/deeper"])
def test_a_folder_that_is_not_there_is_said(
    run: Run, ada: str, tmp_path: Path, folder: str
) -> None:
    result = run("backup", str(tmp_path / folder / "backup.tar"))
    assert (result.exit_code, "cannot be written: No such file" in result.output) == (1, True)


def test_of_blobs_that_are_kept_elsewhere_is_said_where(
    run: Run, ada: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELGATE_STORAGE", "file:///elsewhere/blobs")
    told = run("backup", str(tmp_path.with_suffix(".tar"))).output
    assert "The blobs are not in it: they are kept in file:///elsewhere/blobs.\n" in told


def test_of_nothing_no_backup_is_made(run: Run, tmp_path: Path) -> None:
    refused = run("backup", str(tmp_path.with_suffix(".tar")))
    said = f"{tmp_path} holds nothing; PIXELGATE_DATA names the data folder.\n"
    assert (refused.exit_code, refused.output) == (1, said)
    assert not tmp_path.with_suffix(".tar").exists()
