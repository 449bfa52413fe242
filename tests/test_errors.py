"""Every error crosses processes, has a status, and says its message."""

import importlib
import pickle
from types import ModuleType

import pytest

from auth.errors import AuthError, SigningKeyUnusable
from gateway.errors import STATUS, Problem, status_of

FAMILIES = ("engines.core.errors", "auth.errors", "gateway.errors")


def errors_of(module: ModuleType) -> list[type[Exception]]:
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, Exception)
        and kind.__module__ == module.__name__
    ]


ERRORS = [kind for name in FAMILIES for kind in errors_of(importlib.import_module(name))]
STOPPING = {AuthError, SigningKeyUnusable}
"""They end a start or a command; a caller who meets one meets a fault."""
every_error = pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)


@every_error
def test_an_error_survives_pickling_with_all_it_says(kind: type[Exception]) -> None:
    error = kind("found this; expected that")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert copy.args == error.args
    assert vars(copy) == vars(error)


@every_error
def test_an_error_documents_its_cause(kind: type[Exception]) -> None:
    assert kind.__doc__


@every_error
def test_an_error_of_any_family_says_the_same_things(kind: type[Exception]) -> None:
    error = kind("found this; expected that")
    assert isinstance(error, Problem)
    assert error.message == str(error)
    assert error.errors == (error.message,)
    assert error.retry_after_seconds is None or error.retry_after_seconds > 0


@pytest.mark.parametrize(
    "kind",
    [kind for kind in ERRORS if issubclass(kind, AuthError)],
    ids=lambda kind: kind.__name__,
)
def test_whoever_is_kept_out_is_told_so_and_no_fault(kind: type[AuthError]) -> None:
    assert (status_of(kind("x"))[0] == 500) == (kind in STOPPING)


def test_statuses_are_looked_up_along_the_ancestors() -> None:
    class Narrower(next(iter(STATUS))):  # type: ignore[misc]
        """One that the table does not name."""

    assert status_of(Narrower("x")) == next(iter(STATUS.values()))


def test_an_unforeseen_error_is_a_fault() -> None:
    assert status_of(ZeroDivisionError()) == (500, "fault")
