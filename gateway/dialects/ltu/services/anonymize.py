"""`anonymize`: what was hidden, signed."""

from pydantic import Field

from engines import anonymize
from gateway.dialects.ltu.wording import Wording


class Params(anonymize.Params):
    """The engine's, and whether to sign."""

    receipt: bool = Field(
        False,
        description="Add a signed receipt of what was hidden in which file, for `pixelgate receipt"
        " verify`; not with a picture as the answer.",
    )


def translate(told: Params) -> anonymize.Params:
    return anonymize.Params.model_validate(told.model_dump(exclude={"receipt"}))


def wants_receipt(told: Params) -> bool:
    return told.receipt


WORDING = Wording(params=Params, translate=translate, wants_receipt=wants_receipt)
