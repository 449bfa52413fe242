"""The document's own curl lines and Python samples, corrected only where they cannot run."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import cv2
import pytest
import requests

from tests.serving import REPOSITORY, WAIT_SECONDS, serving
from tests.sources import Quiet, source

SAMPLES = REPOSITORY / "tests" / "data" / "ltu"
PHOTO = REPOSITORY / "gateway" / "console" / "static" / "sample.jpg"

CURL_CORRECTIONS = [
    ("“", '"', "typographic quotes, which no shell knows"),
    ("”’", "\"'", "typographic quotes"),
    ("channel:V", "channel=V", "curl refuses a field without an equals sign"),
]
PYTHON_CORRECTIONS = [
    ("Bearer {token}", "f'Bearer {token}'", "not a string"),
    ("<your username>", "username", "a placeholder"),
    ("<your password>", "password", "a placeholder"),
    ("{your refresh token}", "refresh_token", "a placeholder"),
    ("files=file,", "files=files,", "an unknown name"),
    ("'image' = img", "'image': img", "not a dictionary"),
    ("'threshold_min'=50", "'threshold_min': 50", "not a dictionary"),
    ("'threshold_max'=10", "'threshold_max': 10,", "not a dictionary"),
    ("'edge_thicknesse=1", "'edge_thicknesse': 1", "an open quote"),
    (
        "img = media.read()\n\nwith open(path_img2",
        "img1 = media.read()\n\nwith open(path_img2",
        "both pictures are read into one name",
    ),
    (
        "img = media.read()\n\nfiles = {\n  'image1' ",
        "img2 = media.read()\n\nfiles = {\n  'image1' ",
        "the same",
    ),
    ("'{\n      'resolution': 600", "'''{\n      \"resolution\": 600", "quotes within quotes"),
    ("'threshold': 1.4", '"threshold": 1.4', "quotes within quotes"),
    ("'smooth': 1.4", '"smooth": 1.4', "quotes within quotes"),
    ("'margin': 0\n    }'", "\"margin\": 0\n    }'''", "quotes within quotes"),
]
SERVICES = sorted(
    path.name.removesuffix(".sh.txt")
    for path in SAMPLES.glob("*.sh.txt")
    if path.name not in ("token.sh.txt", "refresh.sh.txt")
)
NAMES = {"heatMap": "heatmap", "imageQuality": "quality"}
# The Python sample under `differences` posts to the other service.
POSTS_TO = {("differences", "py"): "alignmentMatrix"}


@dataclass
class Stage:
    """Where the samples run.

    Args:
        url: of the service.
        folder: with the pictures, which is also served at `pictures`.
        words: what a caller knows.
    """

    url: str
    folder: Path
    pictures: str
    words: dict[str, str]

    def sample(self, name: str, kind: str, corrections: list[tuple[str, str, str]]) -> str:
        """A sample with its corrections, the hosts that we play, and files that there are."""
        text = (SAMPLES / f"{name}.{kind}.txt").read_text()
        for found, corrected, _ in corrections:
            text = text.replace(found, corrected)
        for host in ("https://iam.dev.ltutech.com", "https://api.core.ltutech.com"):
            text = text.replace(host, self.url)
        text = text.replace("http://data.onprint.com/ltu-core-api", self.pictures)
        return text.replace("/Users/Pictures", str(self.folder))

    def curl(self, name: str) -> dict[str, Any]:
        command = self.sample(name, "sh", CURL_CORRECTIONS)
        assert shlex.split(command)[0] == "curl"
        environment = {key.upper(): value for key, value in self.words.items()}
        done = subprocess.run(
            ["bash", "-c", command.replace("curl ", "curl -s ", 1)],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            check=True,
            timeout=WAIT_SECONDS,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def python(self, name: str) -> dict[str, Any]:
        # Those of the token name headers that they never make.
        names: dict[str, Any] = {**self.words, "requests": requests, "headers": {}}
        for number in ("", "1", "2"):
            names[f"path_img{number}"] = self.folder / f"image{number}.jpg"
        exec(self.sample(name, "py", PYTHON_CORRECTIONS), names)
        answer: dict[str, Any] = names.get("result") or names["response"]
        return answer


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A service, a caller who is logged in, and the pictures that the samples name."""
    folder = tmp_path_factory.mktemp("pictures")
    photo = cv2.imread(str(PHOTO))
    assert photo is not None
    spotted = cv2.circle(photo.copy(), (500, 90), 40, (200, 60, 0), -1)
    for name in ("image.jpg", "image1.jpg", "Nobita.jpg", "chanel-crayon.jpg", "16-1.png"):
        cv2.imwrite(str(folder / name), photo)
    for name in ("image2.jpg", "16-2.png"):
        cv2.imwrite(str(folder / name), spotted)
    with (
        source(partial(_Folder, directory=str(folder))) as pictures,
        serving(tmp_path_factory.mktemp("data"), fetch_allow="127.0.0.1") as served,
    ):
        stage = Stage(served.url, folder, pictures, {})
        stage.words = {"username": served.user, "password": served.password}
        granted = stage.curl("token")
        stage.words |= {"token": granted["access_token"], "refresh_token": granted["refresh_token"]}
        yield stage


class _Folder(Quiet, SimpleHTTPRequestHandler):
    """Serves a folder."""


def check(name: str, kind: str, answer: dict[str, Any]) -> None:
    service = POSTS_TO.get((name, kind), name)
    assert "error" not in answer, answer
    assert answer["details"]["name"] == NAMES.get(service, service)
    assert answer["result"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_curl_line_of_a_service_works(stage: Stage, name: str) -> None:
    check(name, "sh", stage.curl(name))


@pytest.mark.parametrize("name", SERVICES)
def test_the_python_sample_of_a_service_works(stage: Stage, name: str) -> None:
    check(name, "py", stage.python(name))


def test_the_python_sample_of_the_token_works(stage: Stage) -> None:
    assert stage.python("token")["token_type"] == "bearer"


def test_the_samples_of_refreshing_work_one_after_the_other(stage: Stage) -> None:
    stage.words["refresh_token"] = stage.curl("refresh")["refresh_token"]
    assert stage.python("refresh")["expires_in"] == 600


@pytest.mark.parametrize(
    ("corrections", "kind"), [(CURL_CORRECTIONS, "sh"), (PYTHON_CORRECTIONS, "py")]
)
def test_every_correction_is_needed(corrections: list[tuple[str, str, str]], kind: str) -> None:
    written = "".join(path.read_text() for path in SAMPLES.glob(f"*.{kind}.txt"))
    for found, _, _ in corrections:
        assert found in written
