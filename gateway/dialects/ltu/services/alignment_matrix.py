"""`alignmentMatrix`: the document's message."""

from engines.alignment_matrix import Result
from gateway.dialects.ltu.wording import Wording


def message(found: Result) -> str:
    return "Alignment Matrices properly calculated"


WORDING = Wording(message=message)
