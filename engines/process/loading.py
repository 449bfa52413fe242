"""How modules are loaded that stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Load without looking for garbage, and never look at what was loaded.

    The collector would go through it again and again and find nothing: a sixth of a start. What it
    has not touched is also still shared with the processes that are forked from this one.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
