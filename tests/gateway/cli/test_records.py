"""A result as a line of JSON and files."""

import numpy as np
import orjson

from engines.core.registry import catalogue
from engines.core.run import Computed
from engines.core.shapes import Details, EngineResult, File, Info, Picture, ResultFile
from gateway.cli.records import record

PIXELS = np.zeros((2, 3), np.uint8)


class Result(EngineResult[Info]):
    """Two pictures."""

    first: Picture
    second: Picture


def test_pictures_are_numbered_files_and_an_engines_files_keep_their_names() -> None:
    png, jpeg = Picture(PIXELS), Picture(PIXELS, "image/jpeg")
    result = Result(
        first=png,
        second=jpeg,
        details=Details(info=Info()),
        files=(ResultFile("points.csv", b"x,y", "text/csv"),),
    )
    answer = record(Computed(catalogue()["edges"], (PIXELS,), result))
    assert orjson.loads(answer.body)["result"] == {
        "first": {"picture": "edges.1.png"},
        "second": {"picture": "edges.2.jpg"},
    }
    assert answer.files == (
        File("edges.1.png", "image/png", png.encoded()),
        File("edges.2.jpg", "image/jpeg", jpeg.encoded()),
        File("edges.points.csv", "text/csv", b"x,y"),
    )
