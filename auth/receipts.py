"""Receipts: signed statements that anybody can check with the published keys, and no tokens."""

import json
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
MEMBERS = ("protected", "payload", "signature")
"""Of a receipt as an object, in the order of the compact form."""
MOST_CHARACTERS = 10_000_000

Find: TypeAlias = Callable[[str], Key | None]
"""A public key by its id, if it is a known one."""


def sign(claims: Claims, keys: KeyRing) -> str:
    """A JWS (RFC 7515) in compact form."""
    key = keys.signing()
    headers = {"kid": key.kid, "typ": KIND}
    return jws.sign(claims, key.signer, headers=headers, algorithm=ALGORITHM)


def as_json(receipt: str) -> bytes:
    """The same as an object (RFC 7515 §7.2.2, flattened)."""
    return json.dumps(dict(zip(MEMBERS, receipt.split("."), strict=True))).encode()


def read(receipt: str, find: Find) -> Claims:
    """What a receipt states, be it in compact form or an object.

    Raises:
        TokenInvalid: it is no receipt, of another signer, or was changed.
    """
    if receipt.startswith("{"):
        receipt = _compact(receipt)
    kid = read_kid(receipt, algorithm=ALGORITHM, kinds=(KIND,), most_characters=MOST_CHARACTERS)
    key = find(kid) if kid else None
    if key is None:
        raise TokenInvalid("The receipt names none of these keys.")
    return read_claims(receipt, key, algorithm=ALGORITHM)


def _compact(text: str) -> str:
    try:
        told = json.loads(text)
        return ".".join(told[name] for name in MEMBERS)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise TokenInvalid(f"The token is JSON without {', '.join(MEMBERS)} as text.") from None
