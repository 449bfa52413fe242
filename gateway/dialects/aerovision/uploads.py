"""Uploaded files: checked by their first bytes, and under names that may stand in a path."""

import unicodedata
from collections.abc import Sequence

from engines.core.errors import UndecodableInput
from engines.core.media_type import media_type
from engines.core.pixels import FORMATS
from engines.core.shapes import File
from engines.surfaces.ply import NORMAL, vertex_properties
from gateway.dialects.aerovision.faults import Fault, missing, refuse, wrong_value
from gateway.dialects.aerovision.tools import CLOUD
from gateway.errors import UploadTooLarge
from gateway.intake.forms import Form

MOST_NAME = 100
"""Characters of a file's name that are kept, its end among them."""
_MARKS = "._-"


def read_uploads(
    form: Form, fields: Sequence[str], accepts: Sequence[str], *, max_bytes: int
) -> list[File]:
    """The files of some fields.

    Raises:
        RequestInvalid: one is missing, empty, or of a kind that is not accepted.
        UploadTooLarge: one has more bytes than are taken.
    """
    refuse([fault for field in fields if (fault := _fault(form, field, accepts))])
    files = list[File]()
    for field in fields:
        upload = form.files[field][-1]
        if len(upload.content) > max_bytes:
            raise UploadTooLarge(
                f"{field} has {len(upload.content):,} bytes; at most {max_bytes:,} are taken."
            )
        name = safe_name(upload.name) or field
        if any(one.name == name for one in files):
            name = f"{field}_{name}"
        files.append(File(name, media_type(upload.content), upload.content))
    return files


def refuse_without_normals(files: Sequence[File], fields: Sequence[str]) -> None:
    """Refuse surfaces whose header names no normals.

    Raises:
        RequestInvalid: one has none, or no vertices that could be read.
    """
    refuse([fault for one, field in zip(files, fields, strict=True) for fault in _bare(one, field)])


def safe_name(sent: str) -> str:
    """Letters, digits and marks of a file's name, in any script; empty if there are none.

    It may stand in a path and in a page as it is, and names nothing outside of its folder.
    """
    base = unicodedata.normalize("NFC", sent.replace("\\", "/").rpartition("/")[2])
    kept = "".join(one if _is_kept(one) else "_" for one in base).lstrip(_MARKS)
    if len(kept) <= MOST_NAME:
        return kept
    stem, dot, suffix = kept.rpartition(".")
    end = dot + suffix if stem and len(suffix) <= MOST_NAME // 4 else ""
    return kept[: MOST_NAME - len(end)] + end


def _fault(form: Form, field: str, accepts: Sequence[str]) -> Fault | None:
    place = ("body", field)
    if not form.files.get(field):
        if form.texts.get(field):
            return wrong_value(place, "Value error, Expected a file, received text")
        return missing(place)
    content = form.files[field][-1].content
    if not content:
        return wrong_value(place, "Value error, The file is empty")
    found = media_type(content)
    if found in accepts:
        return None
    expected = " or ".join(", ".join(FORMATS.get(one, "PLY") for one in accepts).rsplit(", ", 1))
    return wrong_value(place, f"Value error, Cannot read the file: {found}, expected {expected}")


def _bare(file: File, field: str) -> list[Fault]:
    if file.media_type != CLOUD:
        return []
    try:
        missing_normals = {*NORMAL} - {*vertex_properties(file.data)}
    except UndecodableInput as error:
        return [wrong_value(("body", field), f"Value error, {error.message}")]
    told = "Value error, The vertices have no normals; expected nx, ny and nz"
    return [wrong_value(("body", field), told)] if missing_normals else []


def _is_kept(character: str) -> bool:
    # Marks too: without them half of what is written in India is not what it was.
    return unicodedata.category(character)[0] in "LMN" or character in _MARKS
