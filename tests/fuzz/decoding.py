"""`python -m tests.fuzz.decoding SEED FIRST LAST DECODE`: a process that damaged pictures may kill.

It says the number of each before it decodes it, and with the number what was raised that is no
refusal. One that takes too long ends it by SIGALRM.
"""

import os
import pkgutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from engines.core import pixels
from engines.core.errors import EngineError
from tests.fuzz.mutations import ALL, mutated

HANG_SECONDS = 60
"""For one picture; it takes a millisecond."""


def decode(number: int, data: bytes) -> None:
    """In one mode after the other, whatever the format."""
    modes = list(pixels.Mode)
    pixels.decode(data, modes[number % len(modes)], ALL)


def main(seed: str, first: str, last: str, name: str) -> None:
    """Decode the pictures of these numbers by the function of that name."""
    pixels.configure(pixels.Limits(max_pixels=1_000_000, max_frames=100))
    work: Callable[[int, bytes], None] = pkgutil.resolve_name(name)
    for number in range(int(first), int(last)):
        os.write(sys.stdout.fileno(), b"%d\n" % number)
        _, data = mutated(int(seed), number)
        signal.alarm(HANG_SECONDS)
        try:
            with suppress(EngineError):
                work(number, data)
        except Exception as error:  # whatever it is, it is what is looked for
            said = f"{number} {type(error).__name__}: {error}".splitlines()[0]
            os.write(sys.stdout.fileno(), f"{said}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:5])
