"""Receipts: signed statements that anybody can check with the published keys, and no tokens."""

from collections.abc import Callable
from typing import TypeAlias

from jose import jws
from jose.backends.base import Key

from auth.errors import TokenInvalid
from auth.jws_checks import Claims, read_claims, read_kid
from auth.keys import KeyRing

KIND = "RECEIPT+JWT"
"""Type in the header (RFC 8725 §3.11): what reads tokens takes none of these, nor the reverse."""
ALGORITHM = "RS256"
MOST_CHARACTERS = 10_000_000

Find: TypeAlias = Callable[[str], Key | None]
"""A public key by its id, if it is a known one."""


def sign(claims: Claims, keys: KeyRing) -> str:
    """A JWS (RFC 7515) in compact form."""
    key = keys.signing()
    headers = {"kid": key.kid, "typ": KIND}
    return jws.sign(claims, key.signer, headers=headers, algorithm=ALGORITHM)


def read(receipt: str, find: Find) -> Claims:
    """What a receipt states.

    Raises:
        TokenInvalid: it is no receipt, of another signer, or was changed.
    """
    kid = read_kid(receipt, algorithm=ALGORITHM, kinds=(KIND,), most_characters=MOST_CHARACTERS)
    key = find(kid) if kid else None
    if key is None:
        raise TokenInvalid("The receipt names none of these keys.")
    return read_claims(receipt, key, algorithm=ALGORITHM)
