"""`scripts/release`: what it makes of a repository, and of which it makes nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import ROOT, need

COPIED = ("auth", "engines", "gateway", "deploy", "scripts")
FILES = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One of the same files, whose history is one commit."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "Ada")
    git(tmp_path, "config", "user.email", "ada@example.com")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def release(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    beside_python = Path(sys.executable).parent
    path = {"PATH": f"{beside_python}:{os.environ['PATH']}"}
    command = [str(folder / "scripts" / "release"), *words]
    environment = {**os.environ, **path}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_release_is_a_tag_a_wheel_an_sbom_and_their_checksums(repository: Path) -> None:
    need("cyclonedx-py", "pip install cyclonedx-bom", str(Path(sys.executable).parent))
    done = release(repository, "7.8.9")
    assert done.returncode == 0, done.stderr
    assert git(repository, "describe") == "v7.8.9"
    assert {one.name for one in (repository / "dist").iterdir()} == {
        *("pixelgate-7.8.9-py3-none-any.whl", "pixelgate-7.8.9.cdx.json", "SHA256SUMS")
    }
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=repository / "dist", check=True)
    assert "## Unreleased\n\n## 7.8.9, " in (repository / "CHANGELOG.md").read_text()
    assert release(repository, "7.8.9").stderr == "v7.8.9 is there already.\n"


@pytest.mark.parametrize("version", ["", "7.8", "v7.8.9"])
def test_what_is_no_version_is_refused(repository: Path, version: str) -> None:
    assert release(repository, version).stderr.startswith("usage: scripts/release VERSION")


def test_changes_that_are_not_committed_are_not_released(repository: Path) -> None:
    (repository / "README.md").write_text("changed")
    assert release(repository, "7.8.9").stderr == "The tree has changes that are not committed.\n"


def test_a_release_needs_something_to_say(repository: Path) -> None:
    (repository / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 0.1.0\n\n- All.\n")
    git(repository, "commit", "--quiet", "--all", "--message", "Say nothing")
    assert release(repository, "7.8.9").stderr == "CHANGELOG.md says nothing under Unreleased.\n"
