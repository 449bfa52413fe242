"""The manifests: that they are Kubernetes', and that their parts fit together."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import PREFIX, SECRETS, Settings
from tests.needs import ROOT, need

FILE = ROOT / "deploy" / "kubernetes" / "pixelgate.yaml"
ENGINES = FILE.parent / "cluster" / "engines.yaml"
OBJECTS: dict[str, Any] = {one["kind"]: one for one in yaml.safe_load_all(FILE.read_text())}
POD = OBJECTS["Deployment"]["spec"]["template"]
FAREWELL_SECONDS = 10
"""What a gateway takes beyond its drain: it waits for readers, and reaps."""
(GATEWAY,) = POD["spec"]["containers"]


@pytest.mark.parametrize("file", [FILE, ENGINES], ids=lambda file: file.name)
def test_every_object_is_of_its_schema(file: Path) -> None:
    folder = str(Path(sys.executable).parent)
    program = need("kubernetes-validate", "pip install kubernetes-validate", folder)
    command = [program, "--strict", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_settings_that_exist_are_set() -> None:
    named = {name for name in OBJECTS["ConfigMap"]["data"] if name.startswith(PREFIX)}
    assert named <= {
        *(f"{PREFIX}{name.upper()}" for name in Settings.model_fields),
        *(f"{PREFIX}{name.upper()}_FILE" for name in SECRETS),
    }


def test_no_pod_takes_the_variables_of_a_service_for_settings() -> None:
    """Kubernetes sets PIXELGATE_PORT=tcp://… of the Service pixelgate, unless told otherwise."""
    links = [
        one["spec"]["template"]["spec"].get("enableServiceLinks", True)
        for file in (FILE, ENGINES)
        for one in yaml.safe_load_all(file.read_text())
        if one["kind"] == "Deployment"
    ]
    assert links == [False, False, False]


def test_what_is_said_of_the_gateways_is_said_of_their_pods() -> None:
    labels = POD["metadata"]["labels"]
    assert OBJECTS["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert OBJECTS["Service"]["spec"]["selector"] == labels
    assert OBJECTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert OBJECTS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels


def test_every_mount_has_its_volume() -> None:
    volumes = {volume["name"] for volume in POD["spec"]["volumes"]}
    assert {mount["name"] for mount in GATEWAY["volumeMounts"]} == volumes


def test_a_pod_is_not_killed_before_its_requests_have_ended() -> None:
    (_, pause) = GATEWAY["lifecycle"]["preStop"]["exec"]["command"]
    needed = int(pause) + Settings.model_fields["drain_seconds"].default + FAREWELL_SECONDS
    assert POD["spec"]["terminationGracePeriodSeconds"] >= needed


def test_workers_find_the_scheduler_by_its_service_and_get_time_to_drain() -> None:
    objects = {
        one["metadata"]["name"]: one
        for one in yaml.safe_load_all(ENGINES.read_text())
        if one["kind"] == "Deployment"
    }
    pod = objects["pixelgate-worker"]["spec"]["template"]["spec"]
    assert "tcp://pixelgate-scheduler:8786" in pod["containers"][0]["args"]
    needed = Settings.model_fields["drain_seconds"].default + FAREWELL_SECONDS
    assert pod["terminationGracePeriodSeconds"] >= needed
    for one in objects.values():
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
