"""What must hold before a token reaches python-jose (RFC 7515 §4.1, RFC 8725 §3).

python-jose 3.5 does not enforce `crit` and takes the algorithm from the token, so the header is
read here first and only a token of exactly the expected make gets any further.
"""

import json
import re
from collections.abc import Sequence

from jose import jws
from jose.backends.base import Key
from jose.exceptions import JOSEError

from auth.errors import TokenInvalid

MAX_TOKEN_CHARACTERS = 8_192
TOKEN_KINDS = ("JWT", "AT+JWT")
SEGMENTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

# Headers by which a token names, or carries, the key to check it with.
KEY_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c"})

Claims = dict[str, object]


def read_kid(
    token: str,
    *,
    algorithm: str,
    kinds: Sequence[str] = TOKEN_KINDS,
    most_characters: int = MAX_TOKEN_CHARACTERS,
) -> str | None:
    """Check a token's header by our own rules, and tell which key it names, if any."""
    if len(token) > most_characters:
        raise TokenInvalid(f"The token is longer than {most_characters} characters.")
    if SEGMENTS.fullmatch(token) is None:
        raise TokenInvalid("The token does not have three base64url segments.")
    try:
        header = jws.get_unverified_header(token)
    except (JOSEError, RecursionError) as error:
        raise TokenInvalid("The token cannot be decoded.") from error
    _check_header(header, algorithm, kinds)
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def read_claims(token: str, key: Key, *, algorithm: str) -> Claims:
    """Check the signature with the given key and return the claims."""
    try:
        payload = jws.verify(token, key, [algorithm])
        claims = json.loads(payload)
    except (JOSEError, ValueError, RecursionError) as error:
        raise TokenInvalid("The token's signature does not fit.") from error
    if not isinstance(claims, dict):
        raise TokenInvalid("The token's claims are not an object.")
    return claims


def _check_header(header: Claims, algorithm: str, kinds: Sequence[str]) -> None:
    if header.get("alg") != algorithm:
        raise TokenInvalid(f"The token is not signed by {algorithm}.")
    if "crit" in header or "b64" in header:
        raise TokenInvalid("The token demands an extension that is not understood.")
    if KEY_HEADERS & header.keys():
        raise TokenInvalid("The token names a key of its own.")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() not in kinds:
        raise TokenInvalid(f"The token is of another type than {kinds[0]}.")
