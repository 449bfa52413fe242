"""`python -m tests.fuzz.pictures [COUNT [SECONDS [SEED]]]`: damaged pictures kill no process.

They are decoded in a process that may die; another one goes on after the picture that killed it.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

from tests.fuzz.mutations import mutated
from tests.serving import REPOSITORY

DECODE = "tests.fuzz.decoding:decode"


@dataclass
class Outcome:
    """How far it came, and a line for each picture that was neither decoded nor refused."""

    seed: int
    done: int = 0
    faults: list[str] = field(default_factory=list)

    def add_fault(self, number: int, what: str) -> None:
        kind, _ = mutated(self.seed, number)
        self.faults.append(f"seed {self.seed}, number {number} ({kind}): {what}")


def fuzz(seed: int, count: int, *, seconds: float = float("inf"), decode: str = DECODE) -> Outcome:
    """Decode so many damaged pictures, as long as there is time.

    Args:
        decode: `module:function` of a number and a picture.

    Raises:
        RuntimeError: the process does not even begin.
    """
    outcome, deadline = Outcome(seed), time.monotonic() + seconds
    while outcome.done < count and time.monotonic() < deadline:
        arguments = [str(one) for one in (seed, outcome.done, count, decode)]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.decoding", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "MALLOC_PERTURB_": "165"},  # what is used after its end shows
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            _follow(process, outcome, deadline)
    return outcome


def _follow(process: subprocess.Popen[str], outcome: Outcome, deadline: float) -> None:
    """Take down what the process says until it ends, or there is no more time."""
    number = -1
    for line in process.stdout or ():
        said, _, fault = line.rstrip().partition(" ")
        number = int(said)
        outcome.done = number + 1
        if fault:
            outcome.add_fault(number, fault)
        if time.monotonic() > deadline:
            process.kill()
            return
    if number < 0:
        raise RuntimeError("The process that decodes does not begin.")
    if code := process.wait():
        outcome.add_fault(number, signal.Signals(-code).name if code < 0 else f"exit {code}")


def main(count: str = "100000", seconds: str = "600", seed: str = "") -> int:
    """Answer 1 if there were faults."""
    outcome = fuzz(int(seed or secrets.randbelow(2**32)), int(count), seconds=float(seconds))
    faults = len(outcome.faults)
    print(f"seed {outcome.seed}: {outcome.done} damaged pictures, {faults} faults")
    print(*outcome.faults, sep="\n")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
