"""From a form field to a picture's bytes: an uploaded file, base64 text, or a URL."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

import pybase64

from engines.core.registry import Input
from gateway.errors import MissingPicture, UnreadableBase64, UploadTooLarge
from gateway.intake.forms import TEXT_THREADS, Form

_MAGIC = ("\xff\xd8\xff", "\x89PNG", "GIF8")
"""How a picture begins that came as text, undecoded: Python's requests sends `data=` so."""
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}://", re.ASCII | re.IGNORECASE)
_DATA_URL = re.compile(r"data:[^,]{0,100};base64,", re.ASCII | re.IGNORECASE)
_TO_STANDARD = str.maketrans(" -_", "++/", "\r\n\t")
"""A form that forgot to escape `+` sends a space; RFC 4648 §5 has `-` and `_`."""
_INLINE_CHARACTERS = 1_000_000
"""Longer base64 is decoded beside the event loop."""


class Intake:
    """Takes pictures in, none larger than `max_bytes`; `fetch` brings what an owner's URL names."""

    def __init__(self, fetch: Callable[[str, str], Awaitable[bytes]], *, max_bytes: int) -> None:
        self._fetch = fetch
        self._max_bytes = max_bytes

    def body_limit(self, pictures: int) -> int:
        """The largest body that so many pictures may need, as base64 and with other fields."""
        return pictures * self._max_bytes * 4 // 3 + 1_000_000

    async def read(
        self, form: Form, inputs: Sequence[Input], owner: str = ""
    ) -> tuple[bytes | None, ...]:
        """The pictures for an engine's inputs, fetched side by side.

        Raises:
            MissingPicture: a required one was not sent.
            UnreadableBase64: a text is neither a URL nor base64.
            UploadTooLarge: one has more bytes than are taken.
        """
        if len(inputs) == 1:
            return (await self._read_one(form, inputs[0], owner),)
        reading = [asyncio.ensure_future(self._read_one(form, one, owner)) for one in inputs]
        try:
            return tuple(await asyncio.gather(*reading))
        finally:
            for one in reading:
                one.cancel()  # where one is refused, the others are not fetched in vain
            await asyncio.wait(reading)  # a thread may still compute on one

    async def _read_one(self, form: Form, one: Input, owner: str) -> bytes | None:
        if files := [file.content for file in form.files.get(one.name, ()) if file.content]:
            return self._checked(one.name, files[-1])
        text = form.texts.get(one.name, [""])[-1]
        if text:
            return self._checked(one.name, await self._from_text(one.name, text, owner))
        if one.is_required:
            raise MissingPicture(
                f"{one.name} is missing; expected a file, a URL or base64 text in this field."
            )
        return None

    async def _from_text(self, name: str, text: str, owner: str) -> bytes:
        if text.startswith(_MAGIC):
            return _undecoded(name, text)
        if _URL.match(text):
            return await self._fetch(text, owner)
        if len(text) <= _INLINE_CHARACTERS:
            return decode_base64(name, text)
        return await TEXT_THREADS.run(decode_base64, name, text)

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
    if not text.isascii():
        raise _unreadable(name, text)
    head = _DATA_URL.match(text)
    encoded = (text[head.end() :] if head else text).translate(_TO_STANDARD).rstrip("=")
    try:
        return pybase64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raise _unreadable(name, text) from None


def _undecoded(name: str, text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise _unreadable(name, text) from None


def _unreadable(name: str, text: str) -> UnreadableBase64:
    return UnreadableBase64(
        f"{name} is neither a URL nor base64 ({len(text):,} characters of text)."
    )
