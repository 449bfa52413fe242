"""`python -m tests.fuzz [SECONDS]`: a long run with a new seed each time; `make fuzz`."""

import sys
import tempfile
from pathlib import Path

from tests.fuzz.service import fuzz
from tests.serving import serving


def main(seconds: str = "600") -> int:
    """Answer schemathesis' exit code; it prints the seed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder, access_seconds=86_400) as served:
            done = fuzz(served, folder, f"--max-time={seconds}", "--continue-on-failure")
    print(done.stdout, done.stderr, sep="\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
