"""Refusals cross processes and are told in a header, so they pickle and stay on one line."""

import pickle
from itertools import chain

import pytest

from auth.errors import AuthError, ScopeInsufficient, TooManyLogins


def family(error: type[AuthError]) -> list[type[AuthError]]:
    children = [family(child) for child in error.__subclasses__()]
    return [error, *chain.from_iterable(children)]


@pytest.mark.parametrize("kind", family(AuthError), ids=lambda kind: kind.__name__)
def test_every_refusal_pickles(kind: type[AuthError]) -> None:
    error = kind("What was found; what was expected.")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (str(copy), copy.error) == (str(error), error.error)


def test_what_a_refusal_carries_survives_pickling() -> None:
    wait = TooManyLogins("Wait.", retry_after_seconds=7)
    scope = ScopeInsufficient("No.", scope="edges")
    assert pickle.loads(pickle.dumps(wait)).retry_after_seconds == 7
    assert pickle.loads(pickle.dumps(scope)).scope == "edges"
