"""Last images: of each caller the picture sent last, in the storage, and not without end."""

from random import random

from gateway.errors import NothingStored
from gateway.store.storage import Storage

FOLDER = "last_images"
SWEEPS = 10
"""Times that all is listed while as many pictures are put as are kept."""


class LastImages:
    """Keeps the latest pictures, one a key.

    Args:
        storage: shared by all workers.
        most: pictures that are kept, and a tenth more in the mean: the one not put for longest
            makes room, but to look for it at each put would take a bucket longer than the put.
    """

    def __init__(self, storage: Storage, *, most: int) -> None:
        self._storage = storage
        self._most = most

    async def put(self, key: str, *parts: bytes) -> None:
        """Keep the parts, one after another, in place of what has this key."""
        if not self._most:
            return
        await self._storage.put(f"{FOLDER}/{key}", *parts)
        if random() * self._most < SWEEPS:
            for name in (await self._storage.names(FOLDER))[: -self._most]:
                await self._storage.delete(name)

    async def get(self, key: str) -> bytes:
        """What has this key.

        Raises:
            NothingStored: nothing has it.
        """
        try:
            return await self._storage.get(f"{FOLDER}/{key}")
        except NothingStored:
            message = "No image of this caller was analysed yet, or it is kept no longer."
            raise NothingStored(message) from None
