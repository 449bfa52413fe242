"""Settings come from the environment, then a file, then their defaults."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.settings import ProjectFile, Settings, explain, misspelt


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", *(field.upper() for field in Settings.model_fields)):
        monkeypatch.delenv(f"PIXELGATE_{name}", raising=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that PIXELGATE_CONFIG names."""
    path = tmp_path / "pixelgate.toml"
    monkeypatch.setenv("PIXELGATE_CONFIG", str(path))
    return path


def test_the_environment_wins_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('port = 8001\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("PIXELGATE_PORT", "8002")
    settings = Settings()
    assert (settings.port, settings.host) == (8002, "0.0.0.0")


def test_every_setting_says_where_it_comes_from(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("port = 8001\n")
    monkeypatch.setenv("PIXELGATE_WORKERS", "2")
    sources = {shown.name: shown.source for shown in explain(Settings())}
    assert sources["PIXELGATE_PORT"] == "file"
    assert sources["PIXELGATE_WORKERS"] == "environment"
    assert sources["PIXELGATE_HOST"] == "default"


def test_a_variable_in_lower_case_is_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("pixelgate_workers", "2")
    (shown,) = (one for one in explain(Settings()) if one.name == "PIXELGATE_WORKERS")
    assert (shown.value, shown.source) == (2, "environment")


@pytest.mark.parametrize(
    ("name", "address", "shown"),
    [
        ("DATABASE", "postgresql://ada:hush@db/rows", "postgresql://ada:***@db/rows"),
        ("DATABASE", "postgresql://ada:h:u@s#h@db/rows", "postgresql://ada:***@db/rows"),
        ("DATABASE", "postgresql://db/rows?password=hush", "postgresql://db/rows?password=***"),
        ("LIMITS", "redis://:hush@db:6379/0", "redis://:***@db:6379/0"),
        ("LIMITS", "redis://db:6379/0", "redis://db:6379/0"),
    ],
)
def test_an_address_is_shown_without_its_password(
    name: str, address: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PIXELGATE_{name}", address)
    assert shown in [one.value for one in explain(Settings())]


def test_what_is_no_setting_is_named_with_the_one_that_is_meant(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("deadline_second = 3\n")
    monkeypatch.setenv("PIXELGATE_PROT", "8001")
    monkeypatch.setenv("PIXELGATE_CONFGI", "pixelgate.toml")
    assert misspelt() == {
        "PIXELGATE_CONFGI": "PIXELGATE_CONFIG",
        "PIXELGATE_DEADLINE_SECOND": "PIXELGATE_DEADLINE_SECONDS",
        "PIXELGATE_PROT": "PIXELGATE_PORT",
    }


def test_a_secret_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("a-token-of-length\n")
    monkeypatch.setenv("PIXELGATE_METRICS_TOKEN_FILE", str(tmp_path / "token"))
    assert Settings().metrics_token.get_secret_value() == "a-token-of-length"
    (shown,) = (one for one in explain(Settings()) if one.name == "PIXELGATE_METRICS_TOKEN")
    assert (str(shown.value), shown.source) == ("*" * 10, "environment")
    assert misspelt() == {}


def test_a_variable_wins_over_a_secret_s_file_and_that_over_the_settings(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('limits = "redis://settings"\n')
    (tmp_path / "limits").write_text("redis://secret")
    monkeypatch.setenv("PIXELGATE_LIMITS_FILE", str(tmp_path / "limits"))
    assert Settings().limits == "redis://secret"
    monkeypatch.setenv("PIXELGATE_LIMITS", "redis://variable")
    assert Settings().limits == "redis://variable"


def test_words_are_separated_by_commas_in_the_environment_and_listed_in_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('open_dialects = ["ltu"]\n')
    monkeypatch.setenv("PIXELGATE_FETCH_ALLOW", "pictures.local, 10.0.0.0/8")
    settings = Settings()
    assert settings.fetch_allow == ("pictures.local", "10.0.0.0/8")
    assert settings.open_dialects == ("ltu",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("WORKERS", "many"),
        ("PUBLIC_URL", "pictures.example"),
        ("PUBLIC_URL", "https://pictures.example/"),
        ("DEADLINE_SECONDS", "0"),
        ("REALM", "a/b"),
        ("LOG_LEVEL", "loud"),
        ("DATA", ""),
        ("HOST", ""),
        ("DATABASE", "rows.db"),
        ("DATABASE", "mysql://db/rows"),
        ("OPEN_DIALECTS", "ltu,pixel"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "proxy"),
    ],
)
def test_a_value_out_of_range_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PIXELGATE_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_addresses_have_their_defaults_filled_in(tmp_path: Path) -> None:
    settings = Settings(port=8005, data=tmp_path)
    assert settings.base_url == "http://127.0.0.1:8005"
    assert settings.database_url == f"sqlite:///{tmp_path}/pixelgate.db"


def test_slots_share_the_cores_between_the_workers() -> None:
    assert Settings(workers=64).slot_count == 1
    assert Settings(slots=3).slot_count == 3


@pytest.mark.parametrize("origin", ["*", "https://a.example/", "a.example", "https://*.example"])
def test_an_origin_is_named_whole_and_alone(origin: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        Settings(allowed_origins=("https://b.example", origin))


def test_shared_memory_is_not_read_behind_trusted_proxies() -> None:
    with pytest.raises(ValidationError, match="the connection itself has to tell"):
        Settings(pekat_shared_memory=True, trusted_proxies=("127.0.0.1",))


def test_projects_are_named_by_their_files_and_may_have_a_port_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIXELGATE_PEKAT_PROJECTS", "/lines/line 1/plates.toml:8101, labels.toml,")
    settings = Settings()
    assert settings.project_files == (
        ProjectFile("plates", Path("/lines/line 1/plates.toml"), 8101),
        ProjectFile("labels", Path("labels.toml"), None),
    )
    assert settings.ports == (8000, 8101)


def test_all_is_answered_on_more_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELGATE_MORE_PORTS", "8888, 7000")
    assert Settings().ports == (8000, 8888, 7000)


@pytest.mark.parametrize("ports", ["8000", "8888,8888", "0", "65536", "http"])
def test_a_port_that_cannot_be_opened_besides_is_refused(
    monkeypatch: pytest.MonkeyPatch, ports: str
) -> None:
    monkeypatch.setenv("PIXELGATE_MORE_PORTS", ports)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ("plates.json", "plates.json names no project"),
        ("my plates.toml", "my plates.toml names no project"),
        ("plates.toml:0", "plates.toml:0 names no project"),
        ("plates.toml:65536", "plates.toml:65536 names no project"),
        ("a/plates.toml,b/plates.toml", "two projects are called plates"),
        ("a.toml:8101,b.toml:8101", "port 8101 is given twice"),
        ("a.toml:8000", "port 8000 is given twice"),
    ],
)
def test_projects_that_cannot_be_told_apart_are_refused(
    told: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELGATE_PEKAT_PROJECTS", told)
    with pytest.raises(ValidationError, match=sentence):
        Settings()


def test_what_is_hidden_unasked_is_a_choice_of_known_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIXELGATE_CELANTUR_CLASSES", "face, license-plate")
    assert Settings().celantur_classes == ("face", "license-plate")
    for wrong in ("", "faces"):
        monkeypatch.setenv("PIXELGATE_CELANTUR_CLASSES", wrong)
        with pytest.raises(ValidationError):
            Settings()


@pytest.mark.parametrize("pool", ["dask://10.0.0.1:8786", "dask://[::1]:8786", "dask://a-b.c:1"])
def test_a_pool_is_a_word_or_a_scheduler_s_address(pool: str) -> None:
    assert Settings(pool=pool).pool == pool
    for wrong in (pool.rpartition(":")[0], pool + "/x", pool.replace("dask", "tcp"), "dask"):
        with pytest.raises(ValidationError):
            Settings(pool=wrong)


def test_certificates_of_the_pool_are_named_all_or_none(tmp_path: Path) -> None:
    file = tmp_path / "file.pem"
    file.touch()
    Settings(pool_tls_ca=file, pool_tls_cert=file, pool_tls_key=file)
    with pytest.raises(ValidationError, match="all are needed"):
        Settings(pool_tls_ca=file)
    with pytest.raises(ValidationError, match="all are needed"):
        Settings(pool_tls_cert=file, pool_tls_key=file)
    with pytest.raises(ValidationError, match="file"):
        Settings(pool_tls_ca=tmp_path / "gone", pool_tls_cert=file, pool_tls_key=file)


@pytest.mark.parametrize("wrong", ["video", "video:", ":video", "a:b:c"])
def test_a_label_belongs_to_an_engine(wrong: str) -> None:
    with pytest.raises(ValidationError, match="engine:label"):
        Settings(worker_labels=(wrong,))
