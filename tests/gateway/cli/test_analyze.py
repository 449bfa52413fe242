"""Engines on files, without a server."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from gateway.__main__ import main
from gateway.cli.analyze import Shelf
from tests.pictures import encoded, quarters


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one of them deeper, a broken one, and a text."""
    folder = tmp_path / "pictures"
    (folder / "deeper").mkdir(parents=True)
    (folder / "a.PNG").write_bytes(encoded("PNG"))
    (folder / "deeper" / "b.jpg").write_bytes(encoded("JPEG"))
    (folder / "broken.gif").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("notes")
    return folder


def analyze(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["analyze", *arguments], env={"PIXELGATE_SLOTS": "1"})


def lines(path: Path) -> dict[str, dict[str, Any]]:
    """The results by the file's name."""
    written = map(json.loads, path.read_text().splitlines())
    return {Path(line["file"]).name: line for line in written}


def test_a_folder_is_computed_and_a_bad_file_is_listed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = analyze("edges", str(folder), "--param", "edge_thickness=3", "--out", str(out))
    assert result.exit_code == 1
    assert "broken.gif: image: cannot decode the picture" in result.output
    assert (
        "2 computed, 1 failed, 1 skipped: 1 not called .jpg, .jpeg, .png or .gif." in result.output
    )
    found = lines(out / "results.jsonl")
    assert sorted(found) == ["a.PNG", "b.jpg"]
    assert found["a.PNG"]["result"] == {"edges": {"picture": "edges.1.png"}}
    assert found["a.PNG"]["details"]["message"] == "Edges found."
    with Image.open(out / "deeper" / "b.jpg.edges.1.png") as picture:
        assert picture.size == (96, 64)


def test_a_template_is_looked_for_in_each_file(tmp_path: Path) -> None:
    (tmp_path / "part.png").write_bytes(encoded("PNG", quarters()[20:44, 30:66]))
    (tmp_path / "page.png").write_bytes(encoded("PNG"))
    result = analyze(
        "templateMatch", str(tmp_path / "page.png"), "--reference", str(tmp_path / "part.png")
    )
    [found] = json.loads(result.stdout)["result"]["matches"]
    assert (found["box"], found["score"]) == ([30, 20, 66, 44], 1)


def test_a_second_run_computes_only_what_is_missing(folder: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    (folder / "broken.gif").unlink()
    assert "2 computed" in analyze("colorPalette", str(folder), "--out", out).output
    assert "0 computed" in analyze("colorPalette", str(folder), "--out", out).output
    (folder / "c.png").write_bytes(encoded("PNG"))
    assert "1 computed" in analyze("colorPalette", str(folder), "--out", out).output
    other = analyze("colorPalette", str(folder), "--out", out, "--param", "count=2")
    assert "3 computed" in other.output


def test_what_was_computed_before_is_said_to_be_skipped(folder: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    (folder / "broken.gif").unlink()
    analyze("colorPalette", str(folder), "--out", out)
    result = analyze("colorPalette", str(folder), "--out", out)
    assert result.exit_code == 0
    assert "0 computed, 0 failed, 3 skipped: 2 computed before, 1 not called " in result.output


def test_a_folder_without_pictures_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "photograph.heic").write_bytes(b"")
    result = analyze("colorPalette", str(tmp_path))
    assert result.exit_code == 1
    assert "0 computed, 0 failed, 1 skipped: 1 not called " in result.output


@pytest.mark.parametrize(
    ("out", "said"), [(True, "the same command goes on"), (False, "with --out the same command")]
)
def test_ctrl_c_says_how_far_it_came_and_how_to_go_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: bool, said: str
) -> None:
    put = Shelf.put

    def put_and_press_ctrl_c(*arguments: Any) -> None:
        put(*arguments)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Shelf, "put", put_and_press_ctrl_c)
    options = ("--out", str(tmp_path / "out")) if out else ()
    # What runs in a shell's background inherits that SIGINT is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = analyze("colorPalette", str(folder), *options)
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.exit_code == 130
    assert f"Stopped after 1 of 3; {said}" in result.output


def test_without_a_folder_for_results_the_lines_are_printed(folder: Path) -> None:
    result = analyze("colorPalette", str(folder / "a.PNG"))
    answer = json.loads(result.stdout)
    assert [one[3] for one in answer["result"]["colors"]] == [25, 25, 25, 25]
    assert answer["details"] == {"message": "Found 4 colors", "info": {}}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["noSuchService", "FILE"], "There is no service noSuchService; there are "),
        (["edges", "FILE", "--param", "thickness=3"], "edges has no thickness; it has "),
        (["edges", "FILE", "--param", "edge_thickness=51"], "edge_thickness is '51'; expected"),
        (
            ["edges", "FILE", "--param", "edge_thicknesse=3"],
            "edges has no edge_thicknesse; it has ",
        ),
        (["textDetection", "FILE", "--param", "reader=Google"], "expected 'ppocr' or 'tesseract'"),
        (["edges", "FILE", "--reference", "FILE"], "edges takes 1 picture(s)."),
        (["templateMatch", "FILE"], "takes 2 picture(s); --reference names template."),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_computed(
    folder: Path, arguments: list[str], said: str
) -> None:
    file = str(folder / "a.PNG")
    result = analyze(*(file if argument == "FILE" else argument for argument in arguments))
    assert result.exit_code == 2
    assert said in result.output
