"""A project's file is read, or refused with the line that is wrong."""

import re
from pathlib import Path

import pytest

from engines.core.shapes import Box
from engines.inspection.conditions import ClassCount
from engines.inspection.flow import PHOTOGRAPH, inspection
from engines.inspection.preprocessing import Crop
from engines.vision.boxes import iou
from gateway.dialects.pekat.projects import DEFAULT, ProjectInvalid, read_project, sha256_of
from tests.needs import ROOT
from tests.plates import PROJECT, plate, png

EXAMPLE = ROOT / "examples" / "scratches"
SCRATCHES = (Box(127, 210, 231, 233), Box(540, 261, 579, 331), Box(328, 15, 374, 37))
"""As they were drawn, in the picture after preprocessing."""
CROP = '[[module]]\nuse = "crop"\nwidth = 9\n'
QUALITY = '[[module]]\nuse = "image_quality"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a project lies, beside its reference picture."""
    (tmp_path / "good.png").write_bytes(png(plate()))
    (tmp_path / "bad.png").write_text("no picture")
    return tmp_path / "project.toml"


def test_the_default_project_looks_for_objects() -> None:
    modules = [one.engine for one in read_project(DEFAULT).flow.modules]
    assert modules == ["object_detection", "image_quality"]


def test_modules_and_conditions_are_read_in_their_order(file: Path) -> None:
    file.write_text(f"{CROP}height = 8\n{PROJECT}{QUALITY}name = 'sharp'\nbins = 9\n")
    project = read_project(file).flow
    assert project.preprocessing == (Crop(left=0, top=0, width=9, height=8),)
    assert [one.name for one in project.modules] == ["differences", "sharp"]
    assert project.modules[1].params["bins"] == 9
    assert project.good_if == (ClassCount(label="difference", at_most=0),)


def test_a_project_may_be_switched_off(file: Path) -> None:
    file.write_text(QUALITY)
    assert read_project(file).is_processing
    file.write_text(f"processing = false\n{QUALITY}")
    assert not read_project(file).is_processing


def test_a_stop_key_is_known_by_its_digest(file: Path) -> None:
    file.write_text(f"stop_key_sha256 = '{sha256_of('hush')}'\n{QUALITY}")
    project = read_project(file)
    assert project.is_stopped_by("hush")
    assert not project.is_stopped_by("hus")
    file.write_text(QUALITY)
    assert not read_project(file).is_stopped_by("")


@pytest.mark.parametrize("told", ["'hush'", f"'{'A' * 64}'", "7"])
def test_a_stop_key_itself_is_refused_and_not_repeated(file: Path, told: str) -> None:
    file.write_text(f"\nstop_key_sha256 = {told}\n{QUALITY}")
    with pytest.raises(ProjectInvalid) as refused:
        read_project(file)
    said = "stop_key_sha256 is no SHA-256; expected 64 hexadecimal digits."
    assert str(refused.value) == f"{file}, line 2: {said}"


def test_a_reference_lies_beside_the_project_and_is_known_by_its_content(file: Path) -> None:
    file.write_text(PROJECT)
    reference = read_project(file).flow.modules[0].reference
    assert reference is not None
    assert reference.path == file.with_name("good.png")
    assert re.fullmatch("[0-9a-f]{64}", reference.sha256)


def test_the_example_of_the_page_is_the_file_s() -> None:
    page = (ROOT / "docs" / "pekat.md").read_text()
    assert f"```toml\n{(EXAMPLE / 'project.toml').read_text()}```" in page


def test_the_example_finds_the_scratches_and_nothing_on_the_good_part() -> None:
    project = read_project(EXAMPLE / "project.toml").flow
    good, scratched = (
        inspection(PHOTOGRAPH.decode(EXAMPLE / name), params=project)
        for name in ("good.jpg", "scratched.jpg")
    )
    found = [one.box for one in scratched.rectangles if one.classes[0].label == "difference"]
    assert len(found) == len(SCRATCHES)
    assert all(max(iou(one, box) for box in found) > 0.4 for one in SCRATCHES)
    assert (good.is_good, scratched.is_good) == (True, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": there is no module that is an engine."),
        (f"{CROP}height = 8", ": there is no module that is an engine."),
        ("a = ", ": Invalid value (at end of document)."),
        ("a = 1", ", line 1: a is unknown; expected one of processing, stop_key_sha256, "),
        (
            f"\nprocessing = 'no'\n{QUALITY}",
            ", line 2: processing is 'no'; expected true or false.",
        ),
        ("module = 1", ": module is no table; expected [[module]]."),
        (CROP, ", line 1: height is missing."),
        (f"{CROP}height = 0", ", line 4: height is 0; expected greater than or equal to 1."),
        (f"{CROP}height = 1\nside = 1", ", line 5: side is unknown."),
        (f"{QUALITY}\n# bins\nbins = 0", ", line 5: bins is 0; expected greater than or equal to"),
        (f"{QUALITY}bin = 1", ", line 3: image_quality has no bin; it has bins, tolerance, use"),
        (QUALITY * 2, ", line 3: Two modules are called image_quality; give each a name."),
        (f"{QUALITY}{CROP}", ", line 3: crop stands behind an engine; preprocessing comes first."),
        ('[[module]]\nuse = "edges"', ", line 2: use is 'edges'; expected one of crop, resize"),
        ('[[module]]\nuse = ["edges"]', ", line 2: use is ['edges']; expected one of crop"),
        ("[[module]]", ", line 1: use is None; expected one of crop"),
        (f"{QUALITY}reference = 'good.png'", ", line 3: image_quality compares with none, and one"),
        ("[[module]]\nuse = 'differences'", ", line 1: differences compares with a reference, and"),
        (PROJECT.replace("good.png", "no.png"), "no.png: No such file or directory."),
        (PROJECT.replace("good.png", "bad.png"), "bad.png: cannot decode the picture"),
        (f"{QUALITY}labels = 'a'", ", line 3: labels is 'a'; expected a list."),
        (f"{QUALITY}[[good_if]]\nat_most = 1", ", line 3: A condition has one of label, measure"),
        (f"{QUALITY}[[good_if]]\nlabel = 'a'", ", line 3: There is no at_least or at_most."),
        (
            f"{QUALITY}[[good_if]]\nmeasure = 'image_quality.noises'\nat_most = 1",
            ", line 4: image_quality.noises is no number of a module before it.",
        ),
        (
            f"{QUALITY}[[good_if]]\nmeasure = 'image_quality.exposure'\nat_most = 1",
            ", line 4: image_quality.exposure is no number",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ProjectInvalid) as refused:
        read_project(file)
    assert str(refused.value).startswith(str(file))
    assert message in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectInvalid, match=r"nothing\.toml: No such file or directory\.$"):
        read_project(tmp_path / "nothing.toml")


def test_a_file_that_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ProjectInvalid, match="utf-8"):
        read_project(file)
