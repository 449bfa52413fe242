"""`objectMaskDetection`: the document's names of algorithms, spaces and channels."""

import numpy as np
import pytest

from engines import object_mask_detection as engine
from engines.core.errors import BadParameter
from engines.core.shapes import Details, Picture
from gateway.dialects.ltu.services.object_mask_detection import (
    Algorithm,
    ColorSpace,
    Params,
    translate,
)
from tests.gateway.dialects.ltu.answers import answered


def found(channel: str, unused: tuple[str, ...] = ()) -> engine.Result:
    info = engine.MaskInfo(channel=channel, unused=list(unused))
    details = Details[engine.MaskInfo](info=info)
    return engine.Result(mask=Picture(np.zeros((2, 3), np.bool_)), details=details)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_every_algorithm_is_one_of_the_engines(algorithm: Algorithm) -> None:
    assert translate(Params(algorithm=algorithm)).algorithm in engine.Algorithm


@pytest.mark.parametrize("space", list(ColorSpace))
def test_every_letter_of_a_space_is_a_channel_of_the_engines_and_back(space: ColorSpace) -> None:
    for letter in space:
        told = translate(Params(color_space=space, channel=letter))
        assert told.channel is not None
        assert answered("object_mask_detection", found(told.channel))["details"] == {
            "name": "objectMaskDetection",
            "score": 0,
            "message": f"Succeded to detect object using channel {letter}",
            "info": {"channel": letter},
        }


@pytest.mark.parametrize(("channel", "letter"), [("grey", "G"), ("RGB", "RGB")])
def test_of_the_other_algorithms_the_channel_is_the_documents_too(
    channel: str, letter: str
) -> None:
    info = answered("object_mask_detection", found(channel))["details"]["info"]
    assert info == {"channel": letter}


def test_a_channel_that_means_nothing_is_said() -> None:
    answer = answered("object_mask_detection", found("grey", unused=("channel",)))
    assert answer["details"]["message"] == (
        "Succeded to detect object using channel G; channel means nothing to this algorithm"
    )
    assert answer["details"]["info"] == {"channel": "G"}


def test_without_an_object_the_mask_is_still_there() -> None:
    answer = answered("object_mask_detection", found(""))
    assert list(answer["result"]) == ["binary mask"]
    assert answer["details"]["message"] == "No object detected"


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("algorithm", "OTSU_BIN_THRRESHOLD", Algorithm.OTSU_BIN_THRESHOLD),
        ("algorithm", "sobel", Algorithm.SOBEL),
        ("color_space", "YCRCB", ColorSpace.YRB),
        ("color_space", "lab", ColorSpace.LAB),
        ("channel", "v", "V"),
        ("channel", "", None),
    ],
)
def test_misprints_other_names_and_any_case_are_taken(
    field: str, text: str, expected: object
) -> None:
    assert getattr(Params.from_text({field: text}), field) == expected


@pytest.mark.parametrize(
    ("field", "text"),
    [("algorithm", "OTSU"), ("color_space", "grey"), ("channel", "R"), ("channel", "SV")],
)
def test_unknown_values_are_refused(field: str, text: str) -> None:
    with pytest.raises(BadParameter, match=field):
        Params.from_text({field: text})


def test_of_a_channel_in_no_space_the_space_alone_is_refused() -> None:
    with pytest.raises(BadParameter) as refused:
        Params.from_text({"color_space": "CMYK", "channel": "K"})
    assert "channel" not in refused.value.message


def test_a_channel_of_another_space_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadParameter, match="one of L, A, B, the channels of color_space"):
        Params.from_text({"color_space": "LAB", "channel": "S"})
