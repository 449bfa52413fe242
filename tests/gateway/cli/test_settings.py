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
        ("WORKER_LABELS", "heatmap:a", "PIXELGATE_WORKER_LABELS: 'heatmap' is no engine; one is"),
        ("LIMITS", "redis://:hush/hush@host:1", "PIXELGATE_LIMITS is 'redis://:***@host:1': its"),
        ("CACHE", "redis://host:65536", "its port is no number up to 65535"),
        ("POOL", "dask://host:65536", "its port is no number up to 65535"),
        ("ISSUER_AUDIENCES", "", "PIXELGATE_ISSUER_AUDIENCES is empty"),
        ("MODELS", "foo", "PIXELGATE_MODELS is 'foo': expected JSON"),
        ("MODELS", '{"detector": {}}', "Field required (detector.file)"),
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
    assert "hush" not in result.output


def test_videos_have_engines_that_may_have_a_label(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELGATE_WORKER_LABELS", "anonymize_video:a,video_sightings:a")
    assert run("settings", "--check").exit_code == 0


@pytest.mark.parametrize("variable", [CONFIG_VARIABLE, "PIXELGATE_LIMITS_FILE"])
def test_a_file_that_cannot_be_read_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    file = tmp_path / "told"
    file.write_bytes(b"port = \xff")
    monkeypatch.setenv(variable, str(file))
    result = run("settings", "--check")
    assert (result.exit_code, str(file) in result.output) == (2, True)


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
