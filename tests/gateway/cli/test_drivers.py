"""Drivers that come with extras, where they are missing."""

import pytest

from gateway.cli import doctor, drivers
from gateway.cli.doctor import State
from gateway.settings import Settings
from tests.gateway.conftest import Run
from tests.needs import lack

NEEDING = [
    ("database", "postgresql://db/rows", "psycopg", "postgresql"),
    ("limits", "rediss://db", "redis", "redis"),
    ("cache", "redis://db", "redis", "redis"),
    ("pool", "dask://scheduler:8786", "distributed", "dask"),
    ("storage", "s3://bucket", "s3fs", "s3"),
    ("traces", "true", "opentelemetry-sdk", "otel"),
]
each_need = pytest.mark.parametrize(("setting", "address", "package", "extra"), NEEDING)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No driver is installed."""
    monkeypatch.setattr(drivers, "distributions", lambda name: ())


@each_need
@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("command", [("serve",), ("serve", "--demo")])
def test_a_start_says_what_to_install_and_ends(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    setting: str,
    address: str,
    package: str,
    extra: str,
) -> None:
    monkeypatch.setenv(f"PIXELGATE_{setting.upper()}", address)
    ended = run(*command)
    said = f"PIXELGATE_{setting.upper()} needs {package}: pip install 'pixelgate[{extra}]'.\n"
    assert (ended.exit_code, ended.output) == (1, said)


@pytest.mark.usefixtures("bare")
def test_other_commands_say_so_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELGATE_DATABASE", "postgresql://db/rows")
    assert run("users", "list").output.startswith("PIXELGATE_DATABASE needs psycopg: pip install")


@each_need
@pytest.mark.usefixtures("bare")
def test_the_doctor_finds_wrong_what_a_start_would_refuse(
    setting: str, address: str, package: str, extra: str
) -> None:
    (driver,) = drivers.needed(Settings.model_validate({setting: address}))
    finding = doctor._driver(driver)
    assert (finding.subject, finding.state) == (package, State.WRONG)
    assert finding.text.endswith(f"pip install 'pixelgate[{extra}]'")


@each_need
def test_the_doctor_names_the_version_of_what_is_there(
    setting: str, address: str, package: str, extra: str
) -> None:
    (driver,) = drivers.needed(Settings.model_validate({setting: address}))
    if not driver.is_installed:
        lack(driver.remedy)
    assert doctor._driver(driver).state is State.FINE


@pytest.mark.parametrize(("database", "limits"), [("", ""), ("sqlite:////rows.db", "memory://")])
def test_nothing_is_needed_for_what_comes_along(database: str, limits: str) -> None:
    assert list(drivers.needed(Settings(database=database, limits=limits))) == []
