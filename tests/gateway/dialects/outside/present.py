"""What the engine found, as this dialect's answer: a line of text, and the files beside it."""

from engines.core.run import Answer, Computed
from tests.gateway.dialects.outside.engine import Result


def summary(computed: Computed) -> Answer:
    """How many points there are."""
    result = computed.result
    assert isinstance(result, Result)
    files = tuple(file.encoded() for file in result.files)
    return Answer(f"{result.count} points".encode(), "text/plain", files)
