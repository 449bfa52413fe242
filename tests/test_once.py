"""What is made once is there whole for all who ask."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.once import made_once


def test_of_many_who_ask_at_once_one_makes_it(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = list[Path]()

    def make(folder: Path) -> None:
        (folder / "file").write_text("whole")
        made.append(folder)

    def ask(_: int) -> str:
        return (made_once(tmp_path_factory, tmp_path.name, make) / "file").read_text()

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(ask, range(8))] == ["whole"] * 8
    assert len(made) == 1


def test_what_was_not_made_is_tried_again(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    def fail(folder: Path) -> None:
        (folder / "part").write_text("")
        raise LookupError

    with pytest.raises(LookupError):
        made_once(tmp_path_factory, tmp_path.name, fail)
    folder = made_once(tmp_path_factory, tmp_path.name, lambda folder: (folder / "a").mkdir())
    assert [one.name for one in folder.iterdir()] == ["a"]
