"""A picture in shared memory: raw pixels in a block of a caller on this machine."""

import re
from collections.abc import Mapping

from pydantic import Field, field_validator

from auth.threads import Threads
from engines.core.errors import BadParameter
from gateway.dialects.pekat.models import RawQuery
from gateway.dialects.pekat.raw_pixels import RawPixels
from gateway.errors import CallerElsewhere, UnknownPath, UploadTooLarge
from gateway.flow import Call
from gateway.intake.shared_memory import read_block
from gateway.intake.socket_owner import user_of_peer

BLOCK_THREADS = 4
NAME = "[A-Za-z0-9_.-]{1,255}"

_threads = Threads(BLOCK_THREADS)


class BlockQuery(RawQuery):
    """What raw pixels in shared memory need besides."""

    name: str = Field(
        description="Of the POSIX shared memory block, without a slash.",
        json_schema_extra={"pattern": f"^{NAME}$"},
    )

    @field_validator("name")
    @classmethod
    def _names_a_block(cls, name: str) -> str:
        if not re.fullmatch(NAME, name):
            raise ValueError("a block's name: up to 255 letters, digits, and _ . -")
        return name


async def read_pixels(call: Call, told: Mapping[str, str], decoder: RawPixels) -> bytes:
    """The pixels as they are now; the caller may write the next ones once this is answered.

    Raises:
        BadParameter: no name was told, or none that a block can have.
        CallerElsewhere: the caller is on another machine.
        MissingPicture: the caller has no such block.
        UndecodablePicture: it has another length than the picture.
        UploadTooLarge: it has more bytes than a picture may have.
    """
    if "name" not in told:
        raise BadParameter("name is missing; expected that of a shared memory block.")
    name = BlockQuery.from_text(told).name
    most = call.request.state["settings"].max_upload_bytes

    def admit(size: int) -> None:
        decoder.layout(size)
        if size > most:
            raise UploadTooLarge(f"The block is larger than {most:,} bytes.")

    pixels = await _threads.run(read_block, name, owner=_owner(call), admit=admit)
    call.share.reserve(len(pixels))  # not in the thread: all shares are the event loop's
    return pixels


def refuse_unless_allowed(call: Call) -> None:
    """Where shared memory is not read, the path is as if it were not there.

    Raises:
        UnknownPath: the setting is off.
    """
    if not call.request.state["settings"].pekat_shared_memory:
        raise UnknownPath("Shared memory is not read here; send the pixels to /analyze_raw_image.")


def _owner(call: Call) -> int:
    """The id of the user who calls."""
    client, server = call.request.client, call.request.scope["server"]
    user = user_of_peer((client.host, client.port), server) if client else None
    if user is None:
        raise CallerElsewhere("Shared memory is read for callers on the same machine alone.")
    return user
