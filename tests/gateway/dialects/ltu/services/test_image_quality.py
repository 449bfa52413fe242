"""`imageQuality` as the document shows it."""

import numpy as np
import pybase64
import pytest

from engines.core.errors import BadParameter
from engines.core.shapes import Details, Info, Picture
from engines.image_quality import Exposure, Result, Sharpness
from gateway.dialects.ltu.services.image_quality import Params, result
from tests.gateway.dialects.ltu.answers import answered


def rated(*, val: float = 500, sml: float = 30, bins: tuple[int, ...] = (0, 4, 2)) -> Result:
    nothing = Picture(np.zeros((2, 3), np.bool_))
    return Result(
        is_truncated=True,
        exposure=Exposure(
            underexposed_percent=10,
            underexposed=nothing,
            overexposed_percent=20,
            overexposed=nothing,
            histogram=list(bins),
            mean=100,
            standard_deviation=8,
        ),
        sharpness=Sharpness(laplacian_variance=val, sum_modified_laplacian=sml),
        noise=2.5,
        details=Details[Info](info=Info()),
    )


def test_the_keys_are_the_documents() -> None:
    found = answered("image_quality", rated())
    assert list(found["result"]) == ["encoding", "brightness", "sharpness", "noise"]
    assert list(found["result"]["brightness"]) == [
        *("under_per", "under_mask", "over_per", "over_mask", "l_hist", "l_mean", "l_std")
    ]
    assert (found["result"]["encoding"], found["result"]["noise"]) == ("TRUNCATED", "")
    assert found["details"]["name"] == "quality"
    assert found["details"]["info"] == {"description": "", "noise": 2.5}


def test_the_norms_are_the_samples_ratios() -> None:
    sharpness = result(rated(val=500, sml=30)).sharpness
    assert (sharpness.val_norm, sharpness.sml_norm) == (0.5, 0.2)


def test_the_norms_end_at_one() -> None:
    sharpness = result(rated(val=1001, sml=151)).sharpness
    assert (sharpness.val_norm, sharpness.sml_norm) == (1, 1)


def test_the_histogram_has_one_byte_a_bin_and_255_for_the_largest() -> None:
    histogram = result(rated(bins=(0, 4, 2, 3))).brightness.l_hist
    assert pybase64.b64decode(histogram) == bytes([0, 255, 128, 191])


@pytest.mark.parametrize("text", ["0.51", "5", "50", "1e9"])
def test_a_tolerance_that_looks_like_a_percentage_is_refused_with_the_share(text: str) -> None:
    with pytest.raises(BadParameter, match=f"'{text}'; expected a share .* 0.05 is 5 %"):
        Params.from_text({"tolerance": text})


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5])
def test_a_share_is_taken_up_to_one_half(share: float) -> None:
    assert Params.from_text({"tolerance": str(share)}).tolerance == share


def test_the_score_is_a_whole_number_as_in_the_document() -> None:
    assert type(answered("image_quality", rated())["details"]["score"]) is int


def test_the_samples_misprint_of_tolerance_is_taken() -> None:
    assert Params.from_text({"bins": "255", "tolerence": "0.1"}).tolerance == 0.1


def test_the_right_spelling_wins_over_the_misprint() -> None:
    assert Params.from_text({"tolerence": "0.1", "tolerance": "0.2"}).tolerance == 0.2


@pytest.mark.parametrize(("name", "text"), [("tolerance", "-0.1"), ("tolerence", "1_0")])
def test_values_out_of_range_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=name):
        Params.from_text({name: text})
