"""What an input's annotation says: the formats it accepts, and how they are decoded."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from engines.core.decoders import Decoder, FileDecoder, PictureDecoder
from engines.core.errors import UndecodableInput, UndecodablePicture
from engines.core.pixels import Mode
from tests.pictures import encoded

COLOUR = PictureDecoder(Mode.COLOUR)
VIDEO = FileDecoder(("video/mp4",))


@pytest.mark.parametrize("decoder", [COLOUR, COLOUR.accepting("image/bmp"), VIDEO], ids=str)
def test_a_decoder_is_a_value_that_goes_anywhere(decoder: PictureDecoder | FileDecoder) -> None:
    assert isinstance(decoder, Decoder)
    assert hash(decoder) == hash(pickle.loads(pickle.dumps(decoder)))
    adapter = TypeAdapter(type(decoder))
    assert adapter.validate_json(adapter.dump_json(decoder)) == decoder


def test_more_formats_are_accepted_where_a_decoder_says_so() -> None:
    more = COLOUR.accepting("image/bmp", "image/tiff")
    assert more.accepts == ("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff")
    assert np.array_equal(more.decode(encoded("BMP")), COLOUR.decode(encoded("PNG")))
    with pytest.raises(UndecodablePicture, match=r"\(image/bmp, expected JPEG, PNG or GIF\)$"):
        COLOUR.decode(encoded("BMP"))


def test_what_is_not_accepted_is_told_with_what_is() -> None:
    only = PictureDecoder(Mode.GREY, ("image/tiff",))
    with pytest.raises(UndecodablePicture, match=r"\(image/png, expected TIFF\)$"):
        only.decode(encoded("PNG"))


def test_a_format_that_nothing_decodes_cannot_be_accepted() -> None:
    with pytest.raises(ValueError, match="image/webp"):
        COLOUR.accepting("image/webp")


def test_a_picture_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(encoded("PNG"))
    assert np.array_equal(COLOUR.decode(tmp_path / "a"), COLOUR.decode(encoded("PNG")))


def test_a_file_is_left_to_the_engine(tmp_path: Path) -> None:
    file = tmp_path / "video"
    file.write_bytes(b"\0\0\0\x18ftypisom" + bytes(1000))
    assert VIDEO.decode(file) == file


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "video"
    file.write_bytes(encoded("PNG"))
    with pytest.raises(UndecodableInput, match=r"file \(image/png, expected video/mp4\)$"):
        VIDEO.decode(file)


def test_bytes_are_no_file() -> None:
    with pytest.raises(TypeError):
        VIDEO.decode(b"\0\0\0\x18ftypisom")
