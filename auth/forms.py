"""Forms sent to the issuer: read within bounds, by the rules of RFC 6749 §3.2."""

import base64
import binascii
from collections import Counter
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

from auth.clients import ClientCredentials
from auth.errors import FormTooLarge, FormTypeUnsupported, RequestMalformed

MAX_FORM_BYTES = 65_536
MAX_FIELDS = 64
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class IssuerForm:
    """The fields of a request; a field without a value counts as absent (RFC 6749 §3.2)."""

    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        return next((value for field, value in self.fields if field == name), "")

    def refuse_duplicates(self) -> None:
        counts = Counter(name for name, _ in self.fields)
        if any(count > 1 for count in counts.values()):
            raise RequestMalformed("duplicated parameter")


async def read_form(request: Request) -> IssuerForm:
    """Read a urlencoded body; none at all is an empty form."""
    content_type = request.headers.get("content-type", FORM_TYPE)
    if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        raise FormTypeUnsupported(f"The body is not {FORM_TYPE}.")
    return _parse(await _read_body(request))


def client_credentials(request: Request, form: IssuerForm) -> ClientCredentials:
    """The client from the body or from HTTP Basic; the body wins (RFC 6749 §2.3.1)."""
    basic = _basic(request.headers.get("authorization", ""))
    client_id = form.get("client_id") or basic.client_id
    secret = form.get("client_secret") or (basic.secret if basic.client_id == client_id else "")
    return ClientCredentials(client_id, secret)


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise FormTooLarge(f"The form is larger than {MAX_FORM_BYTES} bytes.")
    return bytes(body)


def _parse(body: bytes) -> IssuerForm:
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise RequestMalformed("The form cannot be read.") from error
    if any("\0" in name + value for name, value in fields):
        raise RequestMalformed("The form holds a NUL character.")
    return IssuerForm(tuple(fields))


def _basic(header: str) -> ClientCredentials:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ClientCredentials("", "")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ClientCredentials("", "")
    client_id, _, secret = decoded.partition(":")
    return ClientCredentials(unquote_plus(client_id), unquote_plus(secret))
