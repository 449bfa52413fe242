"""The language of some words can be told, of a number or one word it cannot."""

import pytest

from engines.models import languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The quick brown fox jumps over the lazy dog", "en"),
        ("Le petit marché ouvre chaque matin à sept heures", "fr"),
        ("Die Katze sitzt auf dem warmen Ofen und schläft", "de"),
        ("MADE IN ITALY", "en"),
        ("東京は日本の首都です", "ja"),
    ],
)
def test_a_phrase_tells_its_language(text: str, language: str) -> None:
    assert languages.guess(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "Harga barang ini sudah termasuk pajak",
        "El mercat obre cada matí a les set",
        "Die winkel is elke dag oop",
        "O mercado abre todas as mañás ás sete",
    ],
)
def test_a_language_that_is_not_known_is_not_taken_for_its_neighbour(text: str) -> None:
    assert languages.guess(text, otherwise="en") == languages.UNKNOWN


@pytest.mark.parametrize("text", ["", "92200", "12:45", "abc"])
def test_too_few_letters_tell_nothing(text: str) -> None:
    assert languages.guess(text) == languages.UNKNOWN


def test_an_uncertain_line_takes_the_language_of_its_page() -> None:
    assert languages.guess("JUMBO", otherwise="fr") == "fr"
