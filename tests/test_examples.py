"""Every example does what it says, against the service."""

import os
import subprocess
import sys
from pathlib import Path

import cv2

from tests.needs import ROOT, need
from tests.serving import Served

EXAMPLES = ROOT / "examples"
REFUSAL = "422 image: cannot decode the picture"


def run(served: Served, folder: Path, *command: str | Path, packages: str = "") -> str:
    """What an example prints."""
    environment = {
        "CLIENT_URL": served.url,
        "CLIENT_USER": served.user,
        "CLIENT_PASSWORD": served.password,
        "PYTHONPATH": packages,
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(printed: str, folder: Path) -> None:
    """Three colours, the edges as a file, and a refusal in the service's words."""
    lines = printed.splitlines()
    assert [line[0] for line in lines[:3]] == ["#"] * 3
    assert sum(int(line.split()[1]) for line in lines[:3]) == 100
    assert lines[3] == "edges.png"
    assert lines[4].startswith(REFUSAL)
    edges = cv2.imread(str(folder / "edges.png"))
    assert edges is not None
    assert edges.shape == (400, 600, 3)


def test_curl(served: Served, tmp_path: Path, photograph: Path) -> None:
    printed = run(served, tmp_path, EXAMPLES / "curl.sh", photograph).splitlines()
    assert '"Found 3 colors"' in printed[0]
    assert printed[1].startswith('{"result":{"encoding":"OK"')
    assert printed[2] == "edges.png"
    assert (tmp_path / "edges.png").read_bytes().startswith(b"\x89PNG")


def test_python_with_requests(served: Served, tmp_path: Path, photograph: Path) -> None:
    script = EXAMPLES / "python_requests.py"
    check(run(served, tmp_path, sys.executable, script, photograph), tmp_path)


def test_a_template_over_the_aerovision_api(
    served: Served, tmp_path: Path, photograph: Path
) -> None:
    photo = cv2.imread(str(photograph))
    assert photo is not None
    picture, icon = tmp_path / "photo.png", tmp_path / "icon.png"
    cv2.imwrite(str(picture), photo)
    cv2.imwrite(str(icon), photo[60:140, 200:300])
    printed = run(served, tmp_path, sys.executable, EXAMPLES / "aerovision.py", picture, icon)
    assert printed.splitlines() == ["200,60 100 x 80 1.0", "matches.png", "heatmap.png"]
    drawn = cv2.imread(str(tmp_path / "matches.png"))
    assert drawn is not None
    assert drawn.shape == photo.shape


def test_javascript_with_fetch(served: Served, tmp_path: Path, photograph: Path) -> None:
    node = need("node", "apt-get install nodejs")
    check(run(served, tmp_path, node, EXAMPLES / "fetch.mjs", photograph), tmp_path)
