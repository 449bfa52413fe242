"""The generated TypeScript client, compiled, against the service."""

import json
import subprocess
from pathlib import Path

from engines.core.registry import catalogue
from gateway.dialects.ltu.services.table import inputs_of, takes_pictures
from tests.needs import ROOT
from tests.serving import Served

SCRIPT = Path(__file__).with_name("services.cjs")


def test_every_service_is_called_by_file_base64_and_url(javascript: Path, served: Served) -> None:
    engines = [one for one in catalogue().values() if takes_pictures(one)]
    calls = [
        ",".join([engine.service, *(one.name for one in inputs_of(engine) if one.is_required)])
        for engine in engines
    ]
    done = subprocess.run(
        ["node", SCRIPT, javascript, served.url, served.user, served.password, *calls],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert answers.pop("refusal") == "undecodable_picture"
    assert answers == {one.service: [one.version] * 3 for one in engines}
