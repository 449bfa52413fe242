"""Which scopes a request is given."""

import pytest

from auth.errors import ScopeInvalid
from auth.scopes import ADMIN, both_scopes, grant_scope, narrow_scope

KNOWN = frozenset({"contours", "edges"})


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", "openid email profile"),
        ("openid", "openid email profile"),
        ("profile", "email profile"),
        ("offline_access", "email profile offline_access"),
        ("edges openid contours", "openid email profile contours edges"),
        ("openid openid", "openid email profile"),
    ],
)
def test_email_and_profile_are_always_given(asked: str, given: str) -> None:
    assert grant_scope(asked, known=KNOWN, allowed=None) == given


@pytest.mark.parametrize(
    ("asked", "given"),
    [("", "openid email profile edges"), ("openid edges", "openid email profile edges")],
)
def test_the_limits_of_a_user_are_named(asked: str, given: str) -> None:
    assert grant_scope(asked, known=KNOWN, allowed=frozenset({"edges"})) == given


@pytest.mark.parametrize("asked", ["unknown", "openid contours", "OPENID"])
def test_what_is_unknown_or_not_allowed_is_refused(asked: str) -> None:
    with pytest.raises(ScopeInvalid, match=f"Invalid scopes: {asked}"):
        grant_scope(asked, known=KNOWN, allowed=frozenset({"edges"}))


@pytest.mark.parametrize(
    ("held", "asked", "given"),
    [
        ("openid email profile", "", "openid email profile"),
        ("openid email profile", "email", "email profile"),
        ("openid email profile", "openid edges", "openid email profile edges"),
        ("openid email profile edges", "openid", "openid email profile edges"),
        ("openid email profile contours edges", "edges", "email profile edges"),
    ],
)
def test_a_refresh_keeps_or_narrows(held: str, asked: str, given: str) -> None:
    assert narrow_scope(asked, held=held, known=KNOWN) == given


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("email profile", "openid"),
        ("openid email profile", "offline_access"),
        ("openid email profile edges", "contours"),
        ("openid email profile", "unknown"),
    ],
)
def test_a_refresh_never_widens(held: str, asked: str) -> None:
    with pytest.raises(ScopeInvalid):
        narrow_scope(asked, held=held, known=KNOWN)


def test_two_limits_leave_what_both_allow() -> None:
    one, both = frozenset({"edges"}), KNOWN
    assert both_scopes(None, None) is None
    assert both_scopes(None, one) == both_scopes(one, None) == both_scopes(one, both) == one
    assert both_scopes(one, frozenset({"contours"})) == frozenset()


@pytest.mark.parametrize("allowed", [None, frozenset({"edges"})])
def test_who_is_not_named_an_admin_is_granted_no_such_token(allowed: frozenset[str] | None) -> None:
    known = KNOWN | {ADMIN}
    with pytest.raises(ScopeInvalid):
        grant_scope("openid admin", known=known, allowed=allowed)
    with pytest.raises(ScopeInvalid):
        narrow_scope("openid admin", held="openid email profile", known=known)
    assert grant_scope("", known=known, allowed=known).endswith("profile admin contours edges")


def test_an_admin_is_named_by_both_limits() -> None:
    admin = frozenset({ADMIN})
    assert both_scopes(admin, admin | KNOWN) == admin
    assert both_scopes(None, admin) == both_scopes(admin, None) == frozenset()
    assert both_scopes(None, admin | KNOWN) == KNOWN
