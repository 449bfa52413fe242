"""Names of files that may stand in a path, whatever they were called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.aerovision.faults import RequestInvalid
from gateway.dialects.aerovision.tools import PICTURES
from gateway.dialects.aerovision.uploads import MOST_NAME, read_uploads, safe_name
from gateway.errors import UploadTooLarge
from gateway.intake.forms import Form, Upload
from tests.pictures import encoded

PNG = encoded("PNG")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("screenshot.png", "screenshot.png"),
        ("my photo (1).png", "my_photo__1_.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\icon.png", "icon.png"),
        ("..", ""),
        (".htaccess", "htaccess"),
        ("", ""),
        ("<script>alert(1)</script>.png", "script_.png"),
        ("снимок экрана.png", "снимок_экрана.png"),
        ("हिन्दी.png", "हिन्दी.png"),
        ("e\u0301.png", "é.png"),
        ("a?b#c%2f.png", "a_b_c_2f.png"),
        ("exe.\u202egnp", "exe._gnp"),
        ("a\x00\r\nb.png", "a___b.png"),
        ("x" * 300 + ".png", "x" * (MOST_NAME - 4) + ".png"),
        ("x" * 300, "x" * MOST_NAME),
    ],
)
def test_a_name_keeps_what_does_no_harm(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


@given(st.text())
def test_no_name_leaves_its_folder_or_ends_a_text(sent: str) -> None:
    name = safe_name(sent)
    assert len(name) <= MOST_NAME
    assert not name.startswith(".")
    assert not {*name} & {*"/\\<>&\"'?#%: \r\n\0"}


def test_the_second_of_one_name_has_its_field_before_it() -> None:
    upload = Upload(PNG, "a.png")
    form = Form(files={"image": [upload], "template": [upload]})
    files = read_uploads(form, ["image", "template"], PICTURES, max_bytes=10_000)
    assert [one.name for one in files] == ["a.png", "template_a.png"]


def test_a_file_without_a_name_has_its_fields() -> None:
    form = Form(files={"image": [Upload(b"GIF8"), Upload(PNG)]})
    (file,) = read_uploads(form, ["image"], PICTURES, max_bytes=10_000)
    assert (file.name, file.media_type, file.data) == ("image", "image/png", PNG)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
def test_the_type_is_told_from_the_bytes(kind: str) -> None:
    form = Form(files={"image": [Upload(encoded(kind), "a.html")]})
    (file,) = read_uploads(form, ["image"], PICTURES, max_bytes=100_000)
    assert file.media_type == f"image/{kind.lower()}"


@pytest.mark.parametrize(
    ("form", "kind", "message"),
    [
        (Form(), "missing", "Field required"),
        (Form(texts={"image": ["http://a/b.png"]}), "value_error", "Expected a file"),
        (Form(files={"image": [Upload(b"", "a.png")]}), "value_error", "The file is empty"),
        (Form(files={"image": [Upload(b"hello", "a.png")]}), "value_error", "text/plain, expected"),
        (Form(files={"image": [Upload(encoded("GIF"))]}), "value_error", "PNG, JPEG, BMP or TIFF"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused(form: Form, kind: str, message: str) -> None:
    with pytest.raises(RequestInvalid, match=message) as refused:
        read_uploads(form, ["image"], PICTURES, max_bytes=10_000)
    (fault,) = refused.value.faults
    assert (fault["type"], fault["loc"], fault["input"]) == (kind, ["body", "image"], None)


def test_more_bytes_than_are_taken_are_refused() -> None:
    form = Form(files={"image": [Upload(PNG + bytes(10_000))]})
    with pytest.raises(UploadTooLarge, match="image has"):
        read_uploads(form, ["image"], PICTURES, max_bytes=10_000)
