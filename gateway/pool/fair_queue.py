"""A queue that is fair between owners: each owner's things in their order, owners in turn."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import chain
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Things that wait; taking one takes the same time however many they are."""

    def __init__(self) -> None:
        self._returned: deque[T] = deque()
        self._owners: OrderedDict[str, OrderedDict[T, None]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count + len(self._returned)

    def __iter__(self) -> Iterator[T]:
        return chain(self._returned, *self._owners.values())

    def put(self, owner: str, thing: T) -> None:
        self._owners.setdefault(owner, OrderedDict())[thing] = None
        self._count += 1

    def put_back(self, thing: T) -> None:
        """Return something that was taken already; it comes before all others."""
        self._returned.appendleft(thing)

    def first(self) -> T | None:
        """What `pop` would give."""
        if self._returned:
            return self._returned[0]
        for things in self._owners.values():
            return next(iter(things))
        return None

    def pop(self) -> T:
        """Take what is next; its owner's turn comes again after all others'."""
        if self._returned:
            return self._returned.popleft()
        owner, things = next(iter(self._owners.items()))
        thing, _ = things.popitem(last=False)
        self._count -= 1
        if things:
            self._owners.move_to_end(owner)
        else:
            del self._owners[owner]
        return thing

    def discard(self, owner: str, thing: T) -> bool:
        """Take something out of turn; whether it was there."""
        things = self._owners.get(owner, OrderedDict())
        if thing not in things:
            was_returned = thing in self._returned
            if was_returned:
                self._returned.remove(thing)
            return was_returned
        del things[thing]
        self._count -= 1
        if not things:
            del self._owners[owner]
        return True
