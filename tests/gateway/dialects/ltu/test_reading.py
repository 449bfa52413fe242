"""A form in the engines' words: quotes, two pictures of one name, names of pictures."""

import pytest

from engines.core.registry import catalogue
from gateway.dialects.ltu.reading import ignored, translate
from gateway.dialects.ltu.services.table import inputs_of
from gateway.intake.forms import Form, Upload


def test_one_pair_of_double_quotes_around_a_value_is_stripped() -> None:
    engine = catalogue()["edges"]
    _, quoted, _ = translate(Form(texts={"edge_thickness": ['"3"']}), engine)
    _, plain, _ = translate(Form(texts={"edge_thickness": ["3"]}), engine)
    assert quoted == plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [(' "http://host/one"\n', "http://host/one"), ('"', '"'), ('""', ""), ("'V'", "'V'")],
)
def test_a_pictures_text_loses_its_quotes_and_the_blanks_around_them(
    text: str, expected: str
) -> None:
    form, *_ = translate(Form(texts={"image": [text]}), catalogue()["edges"])
    assert form.texts["image"] == [expected]


def test_two_pictures_of_one_name_are_the_first_and_the_second() -> None:
    one, two = Upload(b"one"), Upload(b"two")
    form, *_ = translate(Form(files={"image": [one, two]}), catalogue()["distance"])
    assert form.files["refImage"] == [one]
    assert form.files["queryImage"] == [two]


def test_a_picture_under_its_own_name_wins() -> None:
    one, two, three = Upload(b"one"), Upload(b"two"), Upload(b"three")
    form = Form(files={"image": [one, two], "image2": [three]})
    translated, *_ = translate(form, catalogue()["differences"])
    assert translated.files["image2"] == [three]


def test_pictures_have_the_documents_names_and_stay_what_the_engine_takes() -> None:
    engine = catalogue()["distance"]
    assert [one.name for one in inputs_of(engine)] == ["refImage", "queryImage"]
    assert [one.decoder for one in inputs_of(engine)] == [one.decoder for one in engine.inputs]


@pytest.mark.parametrize(
    ("service", "fields", "told"),
    [
        ("edges", {"threshold_min": ["1"], "edge_thicknesse": ["1"]}, ""),
        ("edges", {"threshold": ["1"], "Edge_thickness": ["1"]}, "threshold, Edge_thickness"),
        (
            "differences",
            {"image": ["a", "b"], "output_format": ["json"], "version": ["1"]},
            "version",
        ),
        ("edges", {"a\r\nSet-Cookie: b": ["1"], "é": ["1"]}, "a%0D%0ASet-Cookie%3A%20b, %C3%A9"),
    ],
)
def test_fields_that_mean_nothing_are_named(
    service: str, fields: dict[str, list[str]], told: str
) -> None:
    assert ignored(Form(texts=fields), catalogue()[service]) == told


def test_of_very_many_such_fields_some_are_named() -> None:
    form = Form(files={f"{number}{'x' * 100}": [Upload(b"1")] for number in range(99)})
    assert len(ignored(form, catalogue()["edges"])) == 10 * 40 + 9 * 2
