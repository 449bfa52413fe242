"""What the engine hid, in Celantur's words."""

import numpy as np
import orjson
import pytest

from engines import anonymize
from engines.core.registry import engine_named
from engines.core.run import Computed
from engines.core.shapes import Box, Details, Info, Picture
from gateway.dialects.celantur.present import anonymised


def computed(kind: str, *, is_hidden: bool = True) -> Computed:
    """One object found, and perhaps a picture."""
    found = anonymize.HiddenObject(
        kind=kind, score=0.75, box=Box(3, 4, 9, 12), polygon=[(3, 4), (9, 4), (9, 12)], model="m"
    )
    blank = Picture(np.zeros((20, 30), np.uint8))
    details: Details[Info] = Details(info=Info())
    result = anonymize.Result(
        objects=[found],
        size=(30, 20),
        picture=blank if is_hidden else None,
        binary_mask=blank,
        details=details,
    )
    return Computed(engine_named("anonymize"), (), result)


@pytest.mark.parametrize(
    ("kind", "number"), [("person", 101), ("vehicle", 102), ("face", 103), ("license-plate", 104)]
)
def test_an_object_is_told_with_the_number_of_its_type(kind: str, number: int) -> None:
    told = orjson.loads(anonymised(computed(kind)).body)
    assert told["size"] == [30, 20]
    (found,) = told["detections"]
    assert (found["type"], found["type_label"], found["is_anonymised"]) == (number, kind, True)
    assert (found["bbox"], found["offset"]) == ([3, 4, 9, 12], [3, 4])


def test_what_was_found_alone_is_not_anonymised() -> None:
    told = orjson.loads(anonymised(computed("face", is_hidden=False)).body)
    assert told["detections"][0]["is_anonymised"] is False
