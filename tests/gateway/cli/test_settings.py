"""`pixelgate settings`: whether they fit, and a file of all of them."""

from pathlib import Path

import pytest

from gateway.cli.settings import sample_file
from gateway.settings import CONFIG_VARIABLE, Settings
from tests.gateway.conftest import Run


def test_settings_that_fit_are_said_to(run: Run) -> None:
    result = run("settings", "--check")
    assert (result.exit_code, result.output) == (0, "Nothing is wrong.\n")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "none", "PIXELGATE_PORT is 'none'"),
        ("PROT", "8001", "did you mean PIXELGATE_PORT?"),
        ("PEKAT_PROJECTS", "none.toml", "none.toml"),
        ("FETCH_ALLOW", "10.0.0.1/33", "PIXELGATE_FETCH_ALLOW: '10.0.0.1/33' is neither a host"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"PIXELGATE_{name}", value)
    result = run("settings", "--check")
    assert result.exit_code != 0
    assert said in result.output


def test_the_sample_changes_nothing_even_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = sample_file().splitlines()
    file = tmp_path / "pixelgate.toml"
    file.write_text("\n".join(line[1:] for line in lines if line[:2] != "# " and line))
    monkeypatch.setenv(CONFIG_VARIABLE, str(file))
    found = Settings()
    assert found == Settings.model_construct()
    assert found.model_fields_set == set(Settings.model_fields)
