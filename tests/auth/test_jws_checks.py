"""What never reaches the library that checks signatures."""

import base64
import json

import pytest
from jose import jwk, jws

from auth.errors import TokenInvalid
from auth.jws_checks import MAX_TOKEN_CHARACTERS, read_claims, read_kid

SECRET = b"s" * 64


def token_of(header: object, rest: str = "e30.AA") -> str:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode() + "." + rest


def test_a_plain_header_names_its_key() -> None:
    assert read_kid(token_of({"alg": "RS256", "kid": "k"}), algorithm="RS256") == "k"
    assert read_kid(token_of({"alg": "RS256", "typ": "at+jwt"}), algorithm="RS256") is None


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({}, "not signed by RS256"),
        ({"alg": "none"}, "not signed by RS256"),
        ({"alg": "rs256"}, "not signed by RS256"),
        ({"alg": ["RS256"]}, "not signed by RS256"),
        ({"alg": "HS256"}, "not signed by RS256"),
        ({"alg": "RS256", "crit": ["x"]}, "demands an extension"),
        ({"alg": "RS256", "jwk": {}}, "names a key of its own"),
        ({"alg": "RS256", "typ": "dpop+jwt"}, "another type than JWT"),
        (["RS256"], "cannot be decoded"),
        (b"{", "cannot be decoded"),
        (b"\xff", "cannot be decoded"),
    ],
    ids=str,
)
def test_any_other_header_is_refused(header: object, reason: str) -> None:
    with pytest.raises(TokenInvalid, match=reason):
        read_kid(token_of(header), algorithm="RS256")


def test_a_token_is_bounded_before_it_is_decoded() -> None:
    longest = token_of({"alg": "RS256", "kid": "key"}, "e30.")
    longest += "A" * (MAX_TOKEN_CHARACTERS - len(longest))
    assert read_kid(longest, algorithm="RS256") == "key"
    with pytest.raises(TokenInvalid, match="longer than 8192"):
        read_kid(longest + "A", algorithm="RS256")


@pytest.mark.parametrize("rest", ["e30", "e30.", ".AA", "e30.AA.", "e30.A=", "e30.A A", "e30.AA\n"])
def test_a_token_has_three_segments_of_its_alphabet(rest: str) -> None:
    with pytest.raises(TokenInvalid, match="three base64url segments"):
        read_kid(token_of({"alg": "RS256"}, rest), algorithm="RS256")


@pytest.mark.parametrize("payload", [b"[]", b"1", b"null", b"text", b"\xff"])
def test_claims_are_an_object(payload: bytes) -> None:
    token = jws.sign(payload, SECRET, algorithm="HS256")
    with pytest.raises(TokenInvalid):
        read_claims(token, jwk.construct(SECRET, "HS256"), algorithm="HS256")
