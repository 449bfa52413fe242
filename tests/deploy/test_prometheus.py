"""Alert rules and dashboard: what promtool says, and that they ask for figures that there are."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gateway.metrics import Metrics
from tests.needs import ROOT, need

RULES = ROOT / "deploy" / "prometheus" / "pixelgate.rules.yaml"
UPSTREAM = ROOT / "deploy" / "nginx" / "pixelgate-upstream.conf"
GUIDE = ROOT / "docs" / "monitoring.md"
DASHBOARD = ROOT / "deploy" / "grafana" / "pixelgate.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the rules lie beside their test, as promtool looks for them."""
    for file in (RULES, Path(__file__).with_name("rules.test.yaml")):
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "words", [["check", "rules", RULES.name], ["test", "rules", "rules.test.yaml"]]
)
def test_the_rules_tell_what_goes_wrong_and_nothing_else(folder: Path, words: list[str]) -> None:
    program = need("promtool", "apt-get install prometheus")
    done = subprocess.run(
        [program, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=lambda file: file.name)
def test_what_is_asked_for_is_counted(file: Path) -> None:
    names = set(re.findall(r"^# TYPE (\w+)", Metrics().exposition().decode(), re.MULTILINE))
    asked = set(re.findall(r"\bpixelgate_\w+", file.read_text()))
    assert len(asked) >= 5
    assert {one.removesuffix("_bucket") for one in asked} <= names


def test_every_panel_asks_the_chosen_gateways() -> None:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        assert all("$instance" in target["expr"] for target in panel["targets"])


def test_the_guide_has_prometheus_ask_the_gateways_themselves(folder: Path) -> None:
    (told,) = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (folder / "token").touch()
    told = told.replace("/etc/prometheus/pixelgate.token", str(folder / "token"))
    (folder / "prometheus.yml").write_text(told)
    program = need("promtool", "apt-get install prometheus")
    command = [program, "check", "config", "prometheus.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    gateways = re.findall(r"server ([\d.:]+) ", UPSTREAM.read_text())
    assert yaml.safe_load(told)["scrape_configs"][0]["static_configs"] == [{"targets": gateways}]
