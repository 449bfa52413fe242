"""Trees of pictures anonymised, without a server."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import skimage
from click.testing import CliRunner, Result
from PIL import Image

from gateway.__main__ import main
from tests.engines.videos.films import film

REGION = "regions=[[[0,0],[99,0],[99,99],[0,99]]]"


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, kind)  # type: ignore[no-untyped-call]
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A picture, another format of it deeper, and a text."""
    folder = tmp_path / "pictures"
    (folder / "deeper").mkdir(parents=True)
    (folder / "a.JPG").write_bytes(picture("JPEG"))
    (folder / "deeper" / "b.gif").write_bytes(picture("GIF"))
    (folder / "notes.txt").write_text("notes")
    return folder


def anonymize(*arguments: str | Path) -> Result:
    options = [str(one) for one in arguments]
    return CliRunner().invoke(main, ["anonymize", *options], env={"PIXELGATE_SLOTS": "1"})


def names(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


def test_a_tree_is_written_again_under_the_same_names(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = anonymize(folder, "--out", out, "--hide", "face", "--method", "blacken")
    assert result.exit_code == 0, result.output
    assert names(out) == {"a.JPG", "deeper/b.gif.png", "results.jsonl"}
    with Image.open(out / "a.JPG") as hidden:
        assert hidden.format == "JPEG"
        assert np.asarray(hidden)[100:150, 200:250].max() < 10
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [one["kind"] for one in lines[0]["result"]["objects"]] == ["face"]


def test_what_is_there_is_not_computed_again_unless_it_was_lost(
    folder: Path, tmp_path: Path
) -> None:
    given = (folder, "--out", tmp_path / "out", "--hide", "face")
    anonymize(*given)
    (tmp_path / "out" / "a.JPG").unlink()
    assert "1 computed, 0 failed, 2 skipped: 1 computed before" in anonymize(*given).output
    assert (tmp_path / "out" / "a.JPG").exists()


def test_masks_are_written_where_they_are_asked_for(folder: Path, tmp_path: Path) -> None:
    (folder / "deeper" / "b.gif").unlink()
    anonymize(folder, "--out", tmp_path / "out", "--hide", "face", "--method", "detect")
    masks = {"a.JPG.binary-mask.png", "a.JPG.instance-mask.png"}
    assert names(tmp_path / "out") == masks | {"results.jsonl"}
    anonymize(folder, "--out", tmp_path / "both", "--hide", "face", "--masks")
    assert names(tmp_path / "both") == masks | {"results.jsonl", "a.JPG"}


@pytest.mark.parametrize("name", ["broken.png", "other.webp", "text.mp4"])
def test_a_file_that_could_not_be_anonymised_is_named(
    name: str, folder: Path, tmp_path: Path
) -> None:
    (folder / name).write_bytes(b"no picture")
    result = anonymize(folder, "--out", tmp_path / "out", "--hide", "face")
    assert result.exit_code == 1
    assert f"{name}: " in result.output
    assert f"out/{name}" not in names(tmp_path)
    assert "out/a.JPG" in names(tmp_path)


@pytest.mark.parametrize("out", [".", "pictures", "pictures/../pictures"])
def test_nothing_is_written_over_what_is_read(out: str, folder: Path, tmp_path: Path) -> None:
    result = anonymize(folder, "--out", tmp_path / out)
    assert result.exit_code == 2
    assert "would be overwritten" in result.output


def test_results_within_the_folder_are_not_anonymised_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    given = (folder, "--out", "deeper/out", "--hide", "face", "--param", REGION)
    anonymize(*given)
    again = anonymize(*given)
    assert "0 computed, 0 failed, 3 skipped" in again.output


def test_two_pictures_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    result = anonymize(folder / "a.JPG", folder / "a.JPG", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "a.JPG is there twice" in result.output


def test_videos_are_written_as_mp4(folder: Path, tmp_path: Path) -> None:
    (folder / "a.JPG").unlink()
    (folder / "deeper" / "b.gif").unlink()
    made = film(folder / "deeper" / "c.mkv", [np.full((64, 96, 3), 90, np.uint8)] * 4)
    out = tmp_path / "out"
    result = anonymize(folder, "--out", out, "--hide", "face", "--masks", "--param", REGION)
    assert result.exit_code == 0, result.output
    assert names(out) == {
        "deeper/c.mkv.mp4",
        "deeper/c.mkv.frames.jsonl",
        "results.jsonl",
    }
    (line,) = [json.loads(one) for one in (out / "results.jsonl").read_text().splitlines()]
    assert line["file"] == str(made)
    assert line["result"]["frames"] == 4
    assert (
        "1 computed before"
        in anonymize(folder, "--out", out, "--hide", "face", "--masks", "--param", REGION).output
    )


def test_nothing_is_left_of_a_video_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "text.mp4").write_text("no video")
    anonymize(folder / "text.mp4", "--out", tmp_path / "out")
    assert [one.name for one in (tmp_path / "out").rglob("*")] == ["results.jsonl"]


def test_help_names_what_can_be_hidden() -> None:
    said = anonymize("--help").output
    assert all(one in said for one in ("face", "license-plate", "person", "vehicle", "blacken"))
