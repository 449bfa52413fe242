"""`content` of `textDetection` is as the document shows it; readers have the document's names."""

import re
from typing import Any

import pytest

from engines import text_detection
from engines.core.errors import BadParameter
from engines.core.shapes import Box, Details
from engines.text_detection import Reader
from gateway.dialects.ltu.services.text_detection import Params, info, translate
from tests.gateway.dialects.ltu.answers import answered


def content(result: text_detection.Result) -> dict[str, Any]:
    answer = answered("text_detection", result)
    assert (answer["message"], answer["code"]) == ("ok", "0")
    found: dict[str, Any] = answer["content"]
    return found


def word(text: str, *box: int) -> text_detection.FoundWord:
    return text_detection.FoundWord(text=text, score=0.9, box=Box(*box))


def line(language: str, *words: text_detection.FoundWord) -> text_detection.FoundLine:
    text = " ".join(one.text for one in words)
    box = words[0].box
    return text_detection.FoundLine(text=text, language=language, box=box, angle=0, words=[*words])


def read(*lines: text_detection.FoundLine) -> text_detection.Result:
    info = text_detection.ReaderInfo(model="m", device="CPU", reader=Reader.PPOCR)
    text = "".join(f"{one.text}\n" for one in lines)
    details = Details[text_detection.ReaderInfo](info=info)
    return text_detection.Result(details=details, text=text, language="fr", lines=[*lines])


@pytest.fixture
def label() -> dict[str, Any]:
    return content(
        read(
            line("en", word("MADE", 40, 20, 70, 30), word("IN", 75, 20, 85, 30)),
            line("fr", word("MADE", 38, 50, 60, 62)),
        ),
    )


def test_the_text_has_exactly_the_documented_keys(label: dict[str, Any]) -> None:
    assert list(label) == ["image", "summary", "errors"]
    assert list(label["image"]) == ["areas", "UUID", "version"]
    assert label["image"]["version"] == 0.1
    assert label["errors"] == []
    assert label["summary"] == {
        "name": "textDetection",
        "status": 0,
        "message": "OK",
        "resultInfos": {"textDetection": {"nbAreas": 3}},
    }


def test_areas_are_named_after_the_picture_and_numbered(label: dict[str, Any]) -> None:
    name = label["image"]["UUID"]
    assert re.fullmatch("[0-9a-f]{8}", name)
    assert list(label["image"]["areas"]) == [f"{name}/{place}" for place in range(4)]


def test_the_first_area_sums_up_the_others(label: dict[str, Any]) -> None:
    name = label["image"]["UUID"]
    assert label["image"]["areas"][f"{name}/0"] == {
        "type": "input",
        "boundingBox": {"x": 38, "y": 20, "width": 47, "height": 42},
        "resultInfo": {
            "textDetection": {
                "type": "summary",
                "language": "fr",
                "text": "MADE IN\nMADE\n",
                "subarea": [f"{name}/1", f"{name}/2", f"{name}/3"],
                "words": {"MADE": [f"{name}/1", f"{name}/3"], "IN": [f"{name}/2"]},
            }
        },
    }


def test_each_further_area_is_a_word(label: dict[str, Any]) -> None:
    assert label["image"]["areas"][label["image"]["UUID"] + "/2"] == {
        "type": "output",
        "boundingBox": {"x": 75, "y": 20, "width": 10, "height": 10},
        "resultInfo": {"textDetection": {"type": "words", "language": "en", "text": "IN"}},
    }


def test_without_text_the_first_area_is_the_whole_picture() -> None:
    empty = content(read())
    assert empty["image"]["areas"] == {
        empty["image"]["UUID"] + "/0": {
            "type": "input",
            "boundingBox": {"x": 0, "y": 0, "width": 200, "height": 100},
            "resultInfo": {
                "textDetection": {
                    "type": "summary",
                    "language": "fr",
                    "text": "",
                    "subarea": [],
                    "words": {},
                }
            },
        }
    }
    assert empty["summary"]["resultInfos"]["textDetection"]["nbAreas"] == 0


def test_the_same_answer_has_the_same_name(label: dict[str, Any]) -> None:
    other = content(read(line("en", word("MADE", 40, 20, 70, 31))))
    again = content(read(line("en", word("MADE", 40, 20, 70, 31))))
    assert other == again
    assert other["image"]["UUID"] != label["image"]["UUID"]


@pytest.mark.parametrize(
    ("text", "reader"),
    [("Google", Reader.PPOCR), ("GOOGLE", Reader.PPOCR), ("tesseract", Reader.TESSERACT)],
)
def test_a_provider_is_a_reader_in_any_case(text: str, reader: Reader) -> None:
    assert translate(Params.from_text({"provider": text})).reader is reader


@pytest.mark.parametrize("text", ["Azure", "AWS", "ppocr", ""])
def test_an_unknown_provider_is_refused(text: str) -> None:
    with pytest.raises(BadParameter, match=f"'{text}'; expected 'Google' or 'Tesseract'"):
        Params.from_text({"provider": text})


def test_the_provider_asked_for_is_told_with_what_ran_for_it() -> None:
    told = info(read()).model_dump()
    assert told == {"model": "m", "device": "CPU", "provider": "Google (PP-OCR)"}
