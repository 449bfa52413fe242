"""The example that uses the generated Python client."""

import sys
from pathlib import Path

from tests.serving import Served
from tests.test_examples import EXAMPLES, check, run


def test_python_with_the_generated_client(
    served: Served, tmp_path: Path, photograph: Path, installed: Path
) -> None:
    script = EXAMPLES / "python_sdk.py"
    printed = run(served, tmp_path, sys.executable, script, photograph, packages=str(installed))
    check(printed, tmp_path)
