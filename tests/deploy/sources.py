"""What the package is built of, as the image's build is given it."""

import shutil
from pathlib import Path

from tests.needs import ROOT


def copy_sources(folder: Path) -> None:
    """Copy it to an empty folder, without what was built before."""
    rules = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().split()
    ignored = shutil.ignore_patterns("__pycache__")
    for source in (ROOT / rule[1:] for rule in rules if rule.startswith("!")):
        if source.is_dir():
            shutil.copytree(source, folder / source.name, ignore=ignored)
        else:
            shutil.copy(source, folder)
    shutil.rmtree(folder / "gateway" / "console" / "docs", ignore_errors=True)
