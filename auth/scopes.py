"""Which scopes a request is given (RFC 6749 §3.3), in the order Keycloak prints them.

A scope is either one of OpenID Connect's, the name of a service, or `ADMIN`. A token that names no
service is limited by its user's rights alone.
"""

from collections.abc import Iterable

from auth.errors import AccountRefused, ScopeInvalid

OPENID = ("openid", "email", "profile", "offline_access")
ALWAYS = frozenset({"email", "profile"})
ADMIN = "admin"
"""The right to run the service. Nobody has it who is not limited: it must be named, both by the
account and by the token or key."""


def grant_scope(asked: str, *, known: frozenset[str], allowed: frozenset[str] | None) -> str:
    """Answer the scope of a new session; an empty request asks for the default.

    Args:
        asked: the parameter as it was sent.
        known: names of all services that have a scope.
        allowed: the services that this user may use, None for all.
    """
    names = frozenset(asked.split()) or frozenset({"openid"})
    services = names.difference(OPENID)
    if services - known or not all(is_allowed(name, by=allowed) for name in services):
        raise ScopeInvalid(f"Invalid scopes: {asked}")
    return _print(names.intersection(OPENID) | ALWAYS | (services or allowed or frozenset()))


def narrow_scope(asked: str, *, held: str, known: frozenset[str]) -> str:
    """Answer the scope of a refreshed access token: what the session holds, or less."""
    if not asked.split():
        return held
    names = frozenset(held.split())
    if frozenset(asked.split()).intersection(OPENID) - ALWAYS - names:
        raise ScopeInvalid(f"Invalid scopes: {asked}")
    return grant_scope(asked, known=known, allowed=services_of(held))


def services_of(scope: str) -> frozenset[str] | None:
    """The services that a scope names, None where it names none and so limits nothing."""
    return frozenset(scope.split()).difference(OPENID) or None


def both_scopes(
    first: frozenset[str] | None, second: frozenset[str] | None
) -> frozenset[str] | None:
    """What two limits leave, None for no limit."""
    if first is None or second is None:
        limit = second if first is None else first
        return None if limit is None else limit - {ADMIN}
    return first & second


def is_allowed(scope: str, *, by: frozenset[str] | None) -> bool:
    """Whether a limit leaves a scope; None is no limit."""
    return scope != ADMIN if by is None else scope in by


def expect_known(names: Iterable[str], known: frozenset[str]) -> frozenset[str]:
    """What an account or a key may be limited to.

    Raises:
        AccountRefused: one of the names means nothing here.
    """
    if unknown := set(names) - known:
        listed = ", ".join(sorted(known))
        raise AccountRefused(f"{min(unknown)} is no service; there are {listed}.")
    return frozenset(names)


def split_scopes(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(text.split())


def join_scopes(scopes: frozenset[str] | None) -> str | None:
    return None if scopes is None else " ".join(sorted(scopes))


def _print(names: frozenset[str]) -> str:
    ordered = [name for name in OPENID if name in names]
    return " ".join(ordered + sorted(names.difference(OPENID)))
