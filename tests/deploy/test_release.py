"""`scripts/release`: what it makes of a repository, and of which it makes nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.sources import copy_sources
from tests.needs import ROOT, need


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the same files, whose history is one commit."""
    folder = tmp_path_factory.mktemp("committed")
    copy_sources(folder)
    shutil.copy(ROOT / ".gitignore", folder)
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@example.com")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


@pytest.fixture
def repository(committed: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(committed, tmp_path, dirs_exist_ok=True)


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
