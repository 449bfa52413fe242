"""From a form field to a picture's bytes: an uploaded file, base64 text, or a URL."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

import anyio.to_thread
import pybase64

from engines.core.registry import Input
from gateway.errors import MissingPicture, UnreadableBase64, UploadTooLarge
from gateway.forms import Form, unquoted

_MAGIC = ("\xff\xd8\xff", "\x89PNG", "GIF8")
"""How a picture begins that came as text, undecoded: Python's requests sends `data=` so."""
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)
_DATA_URL = re.compile(r"data:[^,]{0,100};base64,", re.ASCII | re.IGNORECASE)
_TO_STANDARD = str.maketrans(" -_", "++/", "\r\n\t")
"""A form that forgot to escape `+` sends a space; RFC 4648 §5 has `-` and `_`."""
_INLINE_CHARACTERS = 1_000_000
"""Longer base64 is decoded beside the event loop."""


class Intake:
    """Takes pictures in, none larger than `max_bytes`; `fetch` brings what a URL names."""

    def __init__(self, fetch: Callable[[str], Awaitable[bytes]], *, max_bytes: int) -> None:
        self._fetch = fetch
        self._max_bytes = max_bytes

    def body_limit(self, pictures: int) -> int:
        """The largest body that so many pictures may need, as base64 and with other fields."""
        return pictures * self._max_bytes * 4 // 3 + 1_000_000

    async def read(self, form: Form, inputs: Sequence[Input]) -> tuple[bytes | None, ...]:
        """The pictures for an engine's inputs, fetched side by side.

        Raises:
            MissingPicture: a required one was not sent.
            UnreadableBase64: a text is neither a URL nor base64.
            UploadTooLarge: one has more bytes than are taken.
        """
        if len(inputs) == 1:
            return (await self._read_one(form, inputs[0]),)
        reading = [asyncio.ensure_future(self._read_one(form, one)) for one in inputs]
        try:
            return tuple(await asyncio.gather(*reading))
        finally:
            for one in reading:
                one.cancel()  # where one is refused, the others are not fetched in vain

    async def _read_one(self, form: Form, one: Input) -> bytes | None:
        if files := form.files.get(one.name):
            return self._checked(one.name, files[-1])
        text = unquoted(form.texts.get(one.name, [""])[-1].strip())
        if text:
            return self._checked(one.name, await self._from_text(one.name, text))
        if one.is_required:
            raise MissingPicture(
                f"{one.name} is missing; expected a file, a URL or base64 text in this field."
            )
        return None

    async def _from_text(self, name: str, text: str) -> bytes:
        if text.startswith(_MAGIC):
            return text.encode("latin-1")
        if _URL.match(text):
            return await self._fetch(text)
        if len(text) <= _INLINE_CHARACTERS:
            return decode_base64(name, text)
        return await anyio.to_thread.run_sync(decode_base64, name, text)

    def _checked(self, name: str, data: bytes) -> bytes:
        if len(data) > self._max_bytes:
            raise UploadTooLarge(
                f"{name} has {len(data):,} bytes; at most {self._max_bytes:,} are taken."
            )
        return data


def decode_base64(name: str, text: str) -> bytes:
    """Read base64 of either alphabet, broken into lines or not, padded or not.

    Raises:
        UnreadableBase64: it is none.
    """
    head = _DATA_URL.match(text)
    encoded = (text[head.end() :] if head else text).translate(_TO_STANDARD).rstrip("=")
    try:
        return pybase64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raise UnreadableBase64(
            f"{name} is neither a URL nor base64 ({len(text):,} characters of text)."
        ) from None
