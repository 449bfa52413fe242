"""What LTU's callers send, in the engines' words."""

from functools import cache
from typing import TypeVar
from urllib.parse import quote

from engines.core.registry import Engine
from engines.core.shapes import Parameters
from gateway.dialects.ltu.services.table import inputs_of, params_of, wording_of
from gateway.intake.forms import Form

T = TypeVar("T")

MOST_NAMES, MOST_CHARACTERS = 10, 40
"""What of the fields that are ignored is told."""


def translate(form: Form, engine: Engine) -> tuple[Form, Parameters, bool]:
    """What is asked for, in the engine's words.

    Returns:
        the form with its pictures under the names of `inputs_of`, the engine's parameters, and
        whether there is to be a signed receipt.

    Raises:
        BadParameter: a value is out of range, unknown, or no number.
    """
    pictures = [one.name for one in inputs_of(engine)]
    if len(pictures) > 1:
        _share(form.texts, pictures[:2])
        _share(form.files, pictures[:2])
    for name, values in form.texts.items():
        texts = [value.strip() for value in values] if name in pictures else values
        form.texts[name] = [_unquoted(text) for text in texts]
    told = params_of(engine).from_text(form.parameters())
    wording = wording_of(engine)
    wants_receipt = bool(wording.wants_receipt and wording.wants_receipt(told))
    return form, wording.translate(told) if wording.translate else told, wants_receipt


def ignored(form: Form, engine: Engine) -> str:
    """The names of fields that mean nothing to the service, as a header field may have them."""
    known = _known_names(engine)
    unknown = [name for name in (*form.texts, *form.files) if name not in known]
    return ", ".join(quote(name[:MOST_CHARACTERS], safe="") for name in unknown[:MOST_NAMES])


@cache
def _known_names(engine: Engine) -> frozenset[str]:
    names = params_of(engine).spellings() | {one.name for one in inputs_of(engine)}
    return frozenset(names | {"image"} if len(engine.inputs) > 1 else names)


def _share(fields: dict[str, list[T]], names: list[str]) -> None:
    """The document's curl sends both pictures as `image`: the first is the first input."""
    values = fields.get("image", [])
    if len(values) == len(names):
        for name, value in zip(names, values, strict=True):
            fields.setdefault(name, [value])


def _unquoted(text: str) -> str:
    """Some of the document's samples put quotes inside the value: `algorithm="SOBEL"`."""
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text
