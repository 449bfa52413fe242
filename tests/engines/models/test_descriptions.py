"""What lies beside a user's model says what the network is shown."""

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.models.descriptions import Classifier, Description, Detector, Recognizer, read
from engines.models.misfit import Misfit
from tests.needs import ROOT

LONG = "range = [0, 1]\nrow = 'box, scores'"
BLUE = np.full((1, 2, 3, 3), (255, 51, 0), np.uint8)


def told(folder: Path, text: str, kind: type[Description] = Detector) -> str:
    (folder / "own.toml").write_text(text)
    with pytest.raises(Misfit) as caught:
        read(folder / "own.onnx", kind)
    return str(caught.value)


def channels(**keys: object) -> list[float]:
    """What a blue picture becomes, channel by channel."""
    shown = Description.model_validate(keys).shown(BLUE)
    assert (shown == shown[:, :, :1, :1]).all()
    return [round(float(level), 5) for level in shown[0, :, 0, 0]]


@pytest.mark.parametrize(
    ("range_", "expected"),
    [((0, 255), [0, 51, 255]), ((0, 1), [0, 0.2, 1]), ((-1, 1), [-1, -0.6, 1])],
)
def test_levels_are_mapped_to_the_range(range_: tuple[float, float], expected: list[float]) -> None:
    assert channels(range=range_) == expected


def test_bgr_keeps_the_order_of_opencv() -> None:
    assert channels(range=(0, 1), colour="BGR") == [1, 0.2, 0]


def test_grey_is_one_channel_of_luma() -> None:
    luma = round(0.114 * 255 + 0.587 * 51)
    assert channels(range=(0, 255), colour="grey") == [luma]


def test_mean_and_deviation_are_in_units_of_the_range_and_the_order_of_colour() -> None:
    keys = {"mean": (0.5, 0.2, 0.0), "std": (0.5, 0.1, 2.0), "range": (0, 1)}
    assert channels(**keys) == [-1, 0, 0.5]
    assert channels(colour="BGR", **keys) == [1, 0, 0]


def test_one_mean_counts_for_every_channel() -> None:
    assert channels(range=(0, 255), mean=(51,), std=(2,)) == [-25.5, 0, 102]


def test_channels_may_come_last() -> None:
    first, last = (
        Description(range=(0, 1), layout=layout).shown(BLUE) for layout in ("NCHW", "NHWC")
    )
    assert last.shape == (1, 2, 3, 3)
    assert (last.transpose(0, 3, 1, 2) == first).all()


@pytest.mark.parametrize(("layout", "shape"), [("CHW", (3, 2, 3)), ("HWC", (2, 3, 3))])
def test_one_picture_may_be_shown_as_no_batch(layout: str, shape: Any) -> None:
    lone, batch = (
        Description.model_validate({"range": (0, 1), "layout": one})
        for one in (layout, f"N{layout}")
    )
    assert lone.shown(BLUE).shape == shape
    assert (lone.shown(BLUE) == batch.shown(BLUE)[0]).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 'BGR'", "range is missing"),
        ("range = [1, 0]", "range is [1, 0]; expected a lower number and one that is higher"),
        ("range = [0, 1e-320]", "range is [0, 1e-320]; expected a lower number and one that is"),
        ("range = [0]", "range is [0]; expected more numbers"),
        ("range = [0, 1, 2]", "range is [0, 1, 2]; expected at most 2 items, not 3"),
        ("range = 1", "range is 1; expected a list in brackets"),
        ("range = [0, inf]", "range is inf; expected a finite number"),
        ("range = [0, 1" + 400 * "0" + "]", "range is 1000"),
        ("range = [false, true]", "range is False; expected a number"),
        ("range = ['0', '1']", "range is '0'; expected a number"),
        ("range = [0, 1]\nmean = []", "mean is []; expected at least 1 item, not 0"),
        ("range = [0, 1]\nmean = ['0.5']", "mean is '0.5'; expected a number"),
        ("range = [0, 1]\nstd = [true]", "std is True; expected a number"),
        ("range = [0, 1]\nbatch = true", "batch is True; expected a whole number"),
        ("range = [0, 1]\nbatch = 2", "batch is 2; expected less than or equal to 1"),
        ("range = [0, 1]\noutput = 1", "output is 1; expected a list in brackets"),
        ("range = [0, 1]\noutput = ['a', 1]", "output is 1; expected text in quotes"),
        ("range = [0, 1]\nsize = true", "size is True; expected a whole number"),
        ("range = [0, 1]\nsize = '64'", "size is '64'; expected a list in brackets"),
        ("range = [0, 1]\nsize = [64.0, 64]", "size is 64.0; expected a whole number"),
        ("range = [0, 1]\nsize = [64]", "size is [64]; expected more numbers"),
        ("range = [0, 1]\nsize = 64\nmultiple_of = 128", "multiple_of is 128; expected 64, the"),
        ("range = [0, 1]\nsize = 64\nmultiple_of = true", "multiple_of is True; expected a w"),
        ("range = [0, 1]\npad = '114'", "pad is '114'; expected a whole number"),
        ("range = [0, 1]\npad = true", "pad is True; expected a whole number"),
        ("range = [0, 1]\npad = 114\nfit = 'stretch'", "pad is told; expected none, for fit"),
        ("range = [0, 1]\nclasses = '3'", "classes is '3'; expected a whole number"),
        ("range = [0, 1]\nclasses = nan", "classes is nan; expected a whole number"),
        ("range = [0, 1]\nthreshold = '0.3'", "threshold is '0.3'; expected a number"),
        ("range = [0, 1]\nthreshold = nan", "threshold is nan; expected a finite number"),
        ("range = [0, 1]\nnms = true", "nms is True; expected a number"),
        ("range = [0, 1]\nnms_between = inf", "nms_between is inf; expected a finite number"),
        ("range = [0, 1]\nbackground = false", "background is False; expected 'first' or 'last'"),
        ("range = " + "[" * 5000, "lists or tables lie too deep in each other"),
        ("range = [0, 1]\nmean = [0.5, 0.5]", "mean has 2 numbers; expected 3"),
        (
            "range = [0, 1]\nmean = [123.7, 116.3, 103.5]",
            "mean is 123.7, 116.3, 103.5; expected 0 to 1, in units of range",
        ),
        ("range = [0, 255]\nstd = [0.229]", "std is 0.229; expected 1 to 510, in units"),
        ("range = [0, 1]\nstd = [58.4]", "std is 58.4; expected 0.00392157 to 2, in units"),
        ("range = [0, 1]\nstd = [0]", "std is 0; expected greater than or equal to 0.000001"),
        ("range = [0, 1]\nboxes = 'corners'", "boxes is 'corners'; expected 'xyxy', 'yxyx',"),
        ("range = [0, 1]\noutput = ''", "output is ''; expected a name, or several names"),
        ("range = [0, 1]\noutput = []", "output is []; expected a name, or several names"),
        ("range = [0, 1]\noutput = ['a', 'b', 'a']", "output is ['a', 'b', 'a']; expected a name"),
        ("range = [0, 1]\noutput = ['a', 'b', 'c', 'd']", "output has 4 names; expected 3 at"),
        (f"{LONG}\noutput = ['a', 'b', 'c']", "output has 3 names; expected 2 at most"),
        (f"{LONG}\nscores = 'exclusive logits'", "scores = 'exclusive logits' need row = 'box, s"),
        (
            "range = [0, 1]\nscores = 'exclusive logits'\nbackground = 'first'",
            "scores = 'exclusive logits' need row = 'box, scores' and a background",
        ),
        (f"{LONG}\nscores = 'logits'\nbackground = 'last'", "background needs scores = 'excl"),
        (
            "range = [0, 1]\nrow = 'box, objectness, scores'\nbackground = 'last'",
            "background is told; expected none where rows hold an objectness",
        ),
        ("range = [0, 1]\nsize = 100000", "size is 100000; expected less than or equal to 4096"),
        ("range = [0, 1]\nmultiple_of = 64", "multiple_of needs a size of one number"),
        ("range = [0, 1]\nsize = [64, 32]\nmultiple_of = 8", "multiple_of needs a size of one"),
        ("range = [0, 1]\nnms = 1.5", "nms is 1.5; expected less than or equal to 1"),
        ("range = [0, 1]\nmean = [nan]", "mean is nan; expected a finite number"),
        ("range =", "Invalid value (at end of document)"),
    ],
)
def test_a_fault_is_told_with_what_was_found_and_expected(
    tmp_path: Path, text: str, said: str
) -> None:
    assert told(tmp_path, text).startswith(f"in its TOML file, {said}")


@pytest.mark.parametrize(
    ("key", "meant"),
    [("rang", "range"), ("color", "colour"), ("treshold", "threshold"), ("nms_beween", "nms_be")],
)
def test_an_unknown_key_is_refused_with_the_nearest(tmp_path: Path, key: str, meant: str) -> None:
    said = told(tmp_path, f"{key} = 1")
    assert said.startswith(f"in its TOML file, {key} is no key; did you mean {meant}")


def test_a_key_like_none_is_refused_with_all_that_there_are(tmp_path: Path) -> None:
    said = told(tmp_path, "range = [0, 1]\nqqq = 1", Recognizer)
    assert "qqq is no key; expected one of range, mean, std, colour" in said
    assert "blank" in said
    assert "nms" not in said


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("crop = true", Classifier, "crop is True; expected a number"),
        ("crop = nan", Classifier, "crop is nan; expected a finite number"),
        ("crop = 0.5\nfit = 'stretch'", Classifier, "crop is told; expected none, for fit"),
        ("space = 1", Recognizer, "space is 1; expected true or false"),
        ("blank = 0", Recognizer, "blank is 0; expected 'first' or 'last'"),
        ("height = 48.0", Recognizer, "height is 48.0; expected a whole number"),
        ("width = true", Recognizer, "width is True; expected a whole number"),
    ],
)
def test_a_fault_of_another_kind_of_model_is_told_too(
    tmp_path: Path, text: str, kind: type[Description], said: str
) -> None:
    assert told(tmp_path, f"range = [0, 1]\n{text}", kind).startswith(f"in its TOML file, {said}")


@pytest.mark.parametrize("kind", [Classifier, Description, Recognizer])
def test_only_a_detector_has_several_outputs(tmp_path: Path, kind: type[Description]) -> None:
    said = told(tmp_path, "range = [0, 1]\noutput = ['a', 'b']", kind)
    assert said.endswith("output has 2 names; expected 1 at most")


def test_keys_of_another_kind_of_model_are_unknown(tmp_path: Path) -> None:
    assert "threshold is no key" in told(tmp_path, "range = [0, 1]\nthreshold = 0.4", Classifier)


def test_without_a_description_it_is_said_what_one_says(tmp_path: Path) -> None:
    with pytest.raises(
        Misfit, match=r"no TOML file .* at least range = \[0, 1\] or range = \[0, 2"
    ):
        read(tmp_path / "own.onnx", Detector)


def test_text_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"# \xff")
    with pytest.raises(Misfit, match="in its TOML file, 'utf-8' codec"):
        read(tmp_path / "own.onnx", Detector)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xef\xbb\xbfrange = [0, 1]")
    assert read(tmp_path / "own.onnx", Detector).range == (0, 1)


def test_one_number_is_a_square_and_two_are_width_and_height() -> None:
    assert Classifier(range=(0, 1), size=64).sides() == (64, 64)
    assert Classifier(range=(0, 1), size=(96, 64)).sides() == (64, 96)


def test_a_size_that_only_the_file_tells_is_the_files() -> None:
    told = Classifier(range=(0, 1)).fixed_by((48, 64))
    assert told.shown_size == (64, 48)
    with pytest.raises(Misfit, match="any size, and size is not told"):
        Classifier(range=(0, 1)).fixed_by((None, 64))


def test_a_file_of_one_size_cannot_be_shown_multiples() -> None:
    free = Detector(range=(0, 1), size=512, multiple_of=64)
    assert free.fixed_by((None, None)) is free
    with pytest.raises(Misfit, match="one size only, so there is no multiple_of"):
        free.fixed_by((512, 512))


def test_a_line_has_the_height_that_is_told_or_that_the_file_has() -> None:
    assert Recognizer(range=(0, 1)).fixed_by((32, None)).shown_height == 32
    with pytest.raises(Misfit, match="lines of any height, and height is not told"):
        Recognizer(range=(0, 1)).fixed_by((None, 320))


DOCUMENT = (ROOT / "docs" / "models.md").read_text("utf-8")


@pytest.mark.parametrize("kind", [Classifier, Detector, Recognizer])
def test_the_document_names_every_key(kind: type[Description]) -> None:
    keys = set(re.findall(r"`(\w+)`", "".join(re.findall(r"(?m)^\| (`.*?) \|", DOCUMENT))))
    assert keys >= kind.model_fields.keys()


def test_what_the_document_shows_is_a_description(tmp_path: Path) -> None:
    shown = [
        text for text in re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL) if "range" in text
    ]
    kinds: list[type[Description]] = [Detector] * 8 + [Classifier, Recognizer, Detector]
    for text, kind in zip(shown, kinds, strict=True):
        (tmp_path / "own.toml").write_text(text)
        assert read(tmp_path / "own.onnx", kind).model_fields_set == tomllib.loads(text).keys()
