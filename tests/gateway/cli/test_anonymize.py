"""Trees of pictures anonymised, without a server."""

import io
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import skimage
from click.testing import CliRunner, Result
from PIL import Image

from auth.keys import KeyRing
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


@pytest.fixture
def signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder whose key signs."""
    KeyRing(tmp_path / "data" / "keys", lifetime_seconds=60)
    monkeypatch.setenv("PIXELGATE_DATA", str(tmp_path / "data"))


def verified(receipt: Path, **files: Path) -> dict[str, Any]:
    """What it states, of these files."""
    given = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    result = CliRunner().invoke(main, ["receipt", "verify", str(receipt), *given])
    assert result.exit_code == 0, result.output
    return cast(dict[str, Any], json.loads(result.stdout))


@pytest.mark.usefixtures("signed")
def test_a_receipt_is_of_the_picture_that_was_read_and_of_the_one_written(
    folder: Path, tmp_path: Path
) -> None:
    out, read = tmp_path / "out", folder / "deeper" / "b.gif"
    anonymize(folder, "--out", out, "--hide", "face", "--receipts")
    receipt = out / "deeper" / "b.gif.receipt.json"
    told = verified(receipt, input=read, output=out / "deeper" / "b.gif.png")
    assert [one["kind"] for one in told["hidden"]] == ["face"]
    assert told["thresholds"] == {"face": 0.2}
    assert [told[one]["name"] for one in ("input", "output")] == [
        "deeper/b.gif",
        "deeper/b.gif.png",
    ]


@pytest.mark.usefixtures("signed")
def test_a_receipt_of_a_video_counts_what_was_hidden(folder: Path, tmp_path: Path) -> None:
    made = film(folder / "c.mkv", [np.full((64, 96, 3), 90, np.uint8)] * 4)
    out = tmp_path / "out"
    anonymize(made, "--out", out, "--hide", "face", "--receipts", "--param", REGION)
    told = verified(out / "c.mkv.receipt.json", input=made, output=out / "c.mkv.mp4")
    assert told["hidden"] == {"region": 1}


@pytest.mark.usefixtures("signed")
def test_where_nothing_was_hidden_a_receipt_names_no_output(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    anonymize(folder / "a.JPG", "--out", out, "--hide", "face", "--method", "detect", "--receipts")
    assert verified(out / "a.JPG.receipt.json")["output"] is None


@pytest.mark.usefixtures("signed")
def test_a_result_without_the_receipt_that_is_asked_for_is_computed_again(
    folder: Path, tmp_path: Path
) -> None:
    given = (folder / "a.JPG", "--out", tmp_path / "out", "--hide", "face")
    anonymize(*given)
    assert "1 computed, 0 failed" in anonymize(*given, "--receipts").output
    assert "0 computed, 0 failed" in anonymize(*given, "--receipts").output


def test_without_a_key_there_are_no_receipts(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELGATE_DATA", str(tmp_path / "data"))
    result = anonymize(folder, "--out", tmp_path / "out", "--receipts")
    assert result.exit_code == 2
    assert "there is none to be read in" in result.output
    assert not (tmp_path / "data").exists()


def test_nothing_is_left_of_a_video_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "text.mp4").write_text("no video")
    anonymize(folder / "text.mp4", "--out", tmp_path / "out")
    assert [one.name for one in (tmp_path / "out").rglob("*")] == ["results.jsonl"]


def test_help_names_what_can_be_hidden() -> None:
    said = anonymize("--help").output
    assert all(one in said for one in ("face", "license-plate", "person", "vehicle", "blacken"))
