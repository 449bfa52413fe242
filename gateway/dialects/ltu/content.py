"""What LTU passes on from an outside provider: `content` of its three learned services."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from engines.classification import Result as Classification
from engines.core.run import Computed
from engines.core.shapes import Box
from engines.object_detection import Result as ObjectDetection
from engines.text_detection import FoundLine, FoundWord
from engines.text_detection import Result as TextDetection

AREAS_VERSION = 0.1


def classification(computed: Computed) -> dict[str, Any]:
    """Labels; the documented samples have the same topicality as score."""
    result = computed.result
    assert isinstance(result, Classification)
    return {
        "labelAnnotations": [
            {
                "score": one.score,
                "topicality": one.score,
                **_mid(one.mid),
                "description": one.description,
            }
            for one in result.labels
        ]
    }


def object_detection(computed: Computed) -> dict[str, Any]:
    """Objects, each with its corners clockwise from the upper left, in shares of the picture."""
    result = computed.result
    assert isinstance(result, ObjectDetection)
    height, width = computed.inputs[0].shape[:2]
    return {
        "localizedObjectAnnotations": [
            {
                "score": one.score,
                **_mid(one.mid),
                "boundingPoly": {"normalizedVertices": _vertices(one.box, width, height)},
                "name": one.name,
            }
            for one in result.objects
        ]
    }


def text_detection(computed: Computed) -> dict[str, Any]:
    """Areas: the first holds the whole text, each further one a word.

    Undocumented: `nbAreas` counts the words; without any there is no area at all.
    """
    result = computed.result
    assert isinstance(result, TextDetection)
    words = [(line, word) for line in result.lines for word in line.words]
    name = _name(words)
    areas = {f"{name}/{place}": _word_area(*each) for place, each in enumerate(words, 1)}
    if words:
        areas = {f"{name}/0": _summary_area(result, areas)} | areas
    return {
        "image": {"areas": areas, "UUID": name, "version": AREAS_VERSION},
        "summary": {
            "name": "textDetection",
            "status": 0,
            "message": "OK",
            "resultInfos": {"textDetection": {"nbAreas": len(words)}},
        },
        "errors": [],
    }


CONTENT: Mapping[str, Callable[[Computed], dict[str, Any]]] = {
    "classification": classification,
    "object_detection": object_detection,
    "text_detection": text_detection,
}
"""By engine name; beside it these services answer `"message": "ok", "code": "0"`."""


def _mid(mid: str | None) -> dict[str, str]:
    return {"mid": mid} if mid else {}


def _vertices(box: Box, width: int, height: int) -> list[dict[str, float]]:
    left, right = box.left / width, box.right / width
    top, bottom = box.top / height, box.bottom / height
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return [{"y": y, "x": x} for x, y in corners]


def _name(words: list[tuple[FoundLine, FoundWord]]) -> str:
    """Eight hexadecimal digits, the same for the same answer."""
    text = repr([(word.text, word.box) for _, word in words])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _word_area(line: FoundLine, word: FoundWord) -> dict[str, Any]:
    """One word; it is in the language of its line."""
    said = {"type": "words", "language": line.language, "text": word.text}
    return _area("output", word.box, said)


def _summary_area(result: TextDetection, areas: Mapping[str, Any]) -> dict[str, Any]:
    """The whole text, the box around all words, and where each word stands."""
    boxes = [word.box for line in result.lines for word in line.words]
    left, top, right, bottom = zip(*boxes, strict=True)
    places: dict[str, list[str]] = {}
    for name, area in areas.items():
        places.setdefault(area["resultInfo"]["textDetection"]["text"], []).append(name)
    said = {
        "type": "summary",
        "language": result.language,
        "text": result.text,
        "subarea": list(areas),
        "words": places,
    }
    return _area("input", Box(min(left), min(top), max(right), max(bottom)), said)


def _area(kind: str, box: Box, said: dict[str, Any]) -> dict[str, Any]:
    size = {"width": box.right - box.left, "height": box.bottom - box.top}
    return {
        "type": kind,
        "boundingBox": {"x": box.left, "y": box.top, **size},
        "resultInfo": {"textDetection": said},
    }
