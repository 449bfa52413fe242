"""`pixelgate keys …`: what it prints and keeps."""

from pathlib import Path

from tests.gateway.conftest import Run, no_file_beyond


def test_rotating_names_the_new_key_and_keeps_the_old_one(run: Run, tmp_path: Path) -> None:
    said = [run("keys", "rotate").stdout for _ in range(2)]
    kids = {line.split()[2] for line in said}
    kept = {path.stem.partition("-")[2] for path in (tmp_path / "keys").glob("*.pem")}
    assert len(kids) == 2
    assert kids < kept


def test_a_key_for_which_there_is_no_room_leaves_nothing(run: Run, tmp_path: Path) -> None:
    with no_file_beyond(10):
        refused = run("keys", "rotate")
    assert (refused.exit_code, refused.output) == (1, "File too large.\n")
    assert [one.name for one in (tmp_path / "keys").iterdir()] == [".lock"]
