"""All settings: variables `PIXELGATE_…`, or a TOML file that `PIXELGATE_CONFIG` names."""

import json
import os
import re
import tomllib
from collections.abc import Collection
from dataclasses import fields
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from engines.models import weights
from engines.models.descriptions import unknown
from engines.models.runtime import Device

CONFIG_VARIABLE = "PIXELGATE_CONFIG"
PREFIX = "PIXELGATE_"
SECRETS = ("database", "limits", "cache", "metrics_token")
"""Settings that may hold a password: with `_FILE` behind it, their variable names a file."""
HIGHEST_PORT = 65_535
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")
_PROJECT = re.compile(
    r"(?P<path>(?:.*/)?(?P<name>[A-Za-z0-9_-]{1,64})\.toml)(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_LABEL = re.compile(r"[a-z0-9_]+:[A-Za-z0-9_.-]+")
_TOKEN = re.compile(r"([A-Za-z0-9._~+/-]{16,512})?")
_PASSWORD = re.compile(r"(://[^\s:/@]*:)\S+(?=@)|([?&]password=)[^&\s]*")

Names = TypeVar("Names", bound=Collection[str])
Words = Annotated[tuple[str, ...], NoDecode]
Classes = Annotated[tuple[Literal["face", "license-plate", "person", "vehicle"], ...], NoDecode]
OpenDialects = Annotated[tuple[Literal["ltu", "pekat", "aerovision", "celantur"], ...], NoDecode]
OptionalFile = Annotated[FilePath | None, BeforeValidator(lambda told: told or None)]
"""TOML has no null: empty text is none."""
Port = Annotated[int, Field(ge=1, le=HIGHEST_PORT)]


class ProjectFile(NamedTuple):
    """A project of the PEKAT Vision API.

    Args:
        name: how paths and commands call it.
        port: of its own; None where it has none.
    """

    name: str
    path: Path
    port: int | None

    @classmethod
    def told(cls, text: str) -> "ProjectFile":
        """`FILE.toml` or `FILE.toml:PORT`.

        Raises:
            ValueError: it is neither.
        """
        found = _PROJECT.fullmatch(text)
        port = int(found["port"] or 0) if found else 0
        if not found or port > HIGHEST_PORT:
            raise ValueError(
                f"{text} names no project; expected NAME.toml or NAME.toml:PORT, "
                "with letters, digits, - and _ in the name"
            )
        return cls(found["name"], Path(found["path"]), port or None)


class Settings(BaseSettings):
    """What an operator may choose; each field is one setting."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: Port = Field(8000, description="Port to listen on.")
    more_ports: Annotated[tuple[Port, ...], NoDecode] = Field(
        (),
        description="Further ports on which all is answered, separated by commas: clients of "
        "AeroVision expect `8888`.",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/?#\s]+(/[^?#\s]*[^/?#\s])?)?$",
        description="Address by which callers reach the service, without a slash at the end; "
        "every absolute address in an answer starts with it. Empty: `http://127.0.0.1:PORT`.",
    )
    data: Path = Field(
        Path("data"), description="Folder of keys, database, blobs and demo account."
    )
    database: str = Field(
        "",
        pattern=r"^(sqlite:///.+|postgresql(\+psycopg)?://.+)?$",
        description="SQLAlchemy URL of the database: `sqlite:////FILE`, or `postgresql://…`, which "
        "needs the extra `postgresql`. Empty: SQLite in the data folder.",
    )
    storage: str = Field(
        "",
        pattern=r"^(file:///.+|s3://[a-z0-9][a-z0-9.-]+(/[\w./-]*)?)?$",
        description="Where pictures and results that outlive a request are kept, for all gateway "
        "processes: `file:///FOLDER`, or `s3://BUCKET/PREFIX`, which needs the extra `s3`. "
        "Empty: `blobs` in the data folder.",
    )
    workers: int = Field(1, ge=1, le=64, description="Gateway processes.")
    slots: int = Field(
        0,
        ge=0,
        le=256,
        description="Engine processes of each gateway process. 0: the cores that may be used, "
        "divided by the workers.",
    )
    pool: str = Field(
        "local",
        pattern=r"^(local|processes|dask://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5})$",
        description="`local`: own slots, each can be killed alone; `processes`: Python's "
        "`ProcessPoolExecutor`, which cannot stop a single job; `dask://HOST:PORT`: the slots of "
        "the workers that a Dask scheduler lists, which needs the extra `dask` "
        "(see docs/scaling.md).",
    )
    pool_tls_ca: OptionalFile = Field(
        None,
        description="File of the authority (PEM) that signs the certificates of scheduler, "
        "workers and gateways; with it, they speak TLS with each other and nothing else.",
    )
    pool_tls_cert: OptionalFile = Field(
        None, description="File of the certificate (PEM) that is shown to the others."
    )
    pool_tls_key: OptionalFile = Field(
        None, validate_default=True, description="File of that certificate's key (PEM)."
    )
    worker_labels: Words = Field(
        (),
        description="Engines that only workers with a label compute, `ENGINE:LABEL` separated by "
        "commas: `anonymize_video:video`. Others are computed by any worker.",
    )
    queue_length: int = Field(
        256, ge=1, le=100_000, description="Jobs that may wait, in each gateway process."
    )
    deadline_seconds: float = Field(
        20,
        gt=0,
        le=3600,
        description="Longest time that one computation may take, s; of "
        "`textDetection`, `templateMatch` and `surfaceMatch` it is 120, of `anonymize` 300.",
    )
    max_upload_bytes: int = Field(
        25_000_000, ge=1024, le=1_000_000_000, description="Size of one picture, bytes."
    )
    max_video_bytes: int = Field(
        2_000_000_000,
        ge=1024,
        le=100_000_000_000,
        description="Size of one video, bytes; so many lie in the data folder's `scratch` while it "
        "is taken in, and while it is worked on.",
    )
    max_held_bytes: int = Field(
        500_000_000,
        ge=1,
        description="Bodies, pictures and answers that each gateway process holds for all its "
        "requests together, bytes; one caller gets three quarters of it, or one larger body. "
        "A request for which there is no room is told to come again.",
    )
    max_pixels: int = Field(
        100_000_000, ge=1, le=1_000_000_000, description="Width × height of one picture, pixels."
    )
    models: Annotated[dict[str, weights.ModelFiles], NoDecode] = Field(
        {},
        description="Models in place of the package's own, by name: `file`, `labels`, `sha256` "
        "(see docs/models.md).",
    )
    preload: Words = Field(
        (), description="Models loaded before the first request, separated by commas."
    )
    device: Device = Field(
        "auto",
        description="Where models run. `auto`: on a GPU where `onnxruntime-gpu` is installed and "
        "finds one, on the CPU otherwise; `cpu`: there in any case.",
    )
    slot_max_jobs: int = Field(
        5000, ge=1, description="Jobs after which an engine process is replaced."
    )
    slot_max_rss_bytes: int = Field(
        800_000_000,
        ge=100_000_000,
        description="Resident memory above which an engine process is replaced, bytes.",
    )
    slot_memory_bytes: int = Field(
        4_000_000_000,
        ge=500_000_000,
        description="Private memory that an engine process may use, bytes; a job that needs more "
        "is refused.",
    )
    fetch_allow: Words = Field(
        (),
        description="Hosts or networks that picture URLs and webhooks may name although they are "
        "private, separated by commas.",
    )
    fetch_seconds: float = Field(
        10, gt=0, le=300, description="Longest time that fetching one picture may take, s."
    )
    open_dialects: OpenDialects = Field(
        (),
        description="Dialects that answer without a token, separated by commas: `ltu`, `pekat`, "
        "`aerovision`, `celantur`.",
    )
    celantur_classes: Classes = Field(
        ("face", "license-plate", "person", "vehicle"),
        min_length=1,
        description="What the Celantur API hides where an upload selects nothing, separated by "
        "commas: `face`, `license-plate`, `person`, `vehicle`.",
    )
    pekat_projects: Words = Field(
        (),
        description="Projects that the PEKAT Vision API runs, TOML files separated by commas, each "
        "with `:PORT` behind it if it has a port of its own (see docs/pekat.md). The first also "
        "answers on the service's port. Empty: objects and image quality.",
    )
    pekat_shared_memory: bool = Field(
        False,
        description="Whether the PEKAT Vision API reads pictures out of shared memory, for callers "
        "on this machine and out of their own blocks (see docs/hardening.md). Not together with "
        "`PIXELGATE_TRUSTED_PROXIES`.",
    )
    last_images: int = Field(
        100,
        ge=0,
        le=100_000,
        description="Last images that the PEKAT Vision API keeps, in the storage, one of each "
        "project and caller, for `/last_image`; a tenth more may be there for a while. "
        "0: none is written.",
    )
    task_seconds: float = Field(
        604_800,
        ge=60,
        le=31_536_000,
        description="Time that a finished task and its files are kept, s.",
    )
    max_tasks_per_caller: int = Field(
        1000, ge=1, le=1_000_000, description="Unfinished tasks that one caller may have."
    )
    max_task_bytes_per_caller: int = Field(
        10_000_000_000,
        ge=1_000_000,
        description="Inputs and results of one caller's tasks, finished ones included, and 20 kB "
        "for each task, bytes.",
    )
    realm: str = Field(
        "Production",
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Name of the token realm: at most 64 letters, digits, `-` and `_`.",
    )
    access_seconds: int = Field(600, ge=10, le=86_400, description="Life of an access token, s.")
    refresh_seconds: int = Field(
        1800, ge=10, le=2_592_000, description="Life of a refresh token, s."
    )
    session_seconds: int = Field(
        36_000, ge=10, le=31_536_000, description="Life of a session however often refreshed, s."
    )
    offline_idle_seconds: int = Field(
        2_592_000,
        ge=10,
        le=31_536_000,
        description="Time that a session with `offline_access` lasts without being refreshed, s.",
    )
    rotate_refresh: bool = Field(
        True, description="Whether a refresh token is good for one use only (RFC 9700)."
    )
    require_https: bool = Field(
        False,
        description="Whether the token endpoints refuse plain HTTP; behind a proxy that is what "
        "its X-Forwarded-Proto says.",
    )
    allowed_origins: Words = Field(
        (),
        description="Origins whose pages may call the services and read their answers, separated "
        "by commas: `https://app.example`.",
    )
    issuer: str = Field(
        "",
        pattern=r"^(https://[^?#\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/[^?#\s]*)?)?$",
        description="Outside OpenID Connect issuer whose tokens are accepted instead of our own, "
        "exactly as its tokens name it; https, or http on this machine. Empty: the embedded one.",
    )
    issuer_audiences: Words = Field(
        ("ltu-api",),
        min_length=1,
        description="Names of which a token of the outside issuer must carry one in `aud`, `azp` "
        "or `client_id`, separated by commas.",
    )
    rate_limit: str = Field(
        "",
        pattern=r"^([1-9]\d{0,8}/(second|minute|hour|day))?$",
        description="Requests that one caller may make to services in a `second`, `minute`, `hour` "
        "or `day`: `100/minute`. Empty: any number.",
    )
    limits: str = Field(
        "",
        pattern=r"^(memory://|(redis|rediss)://\S+)?$",
        description="Where requests are counted for the rate limit: `redis://…`, which needs the "
        "extra `redis`, or `memory://`, where each gateway process counts for itself. "
        "Empty: in the database.",
    )
    cache: str = Field(
        "",
        pattern=r"^(memory://|(redis|rediss)://\S+)?$",
        description="Where answers are kept for who asks the same of the same picture again: "
        "`memory://`, in each gateway process, or `redis://…`, for all of them, which needs the "
        "extra `redis` (see docs/scaling.md). Empty: nowhere.",
    )
    cache_bytes: int = Field(
        100_000_000,
        ge=1_000_000,
        le=1_000_000_000_000,
        description="Answers that `memory://` keeps in each gateway process, bytes; one that is "
        "larger than a tenth of it is not kept, in Redis neither.",
    )
    cache_seconds: float = Field(
        300, ge=1, le=604_800, description="Time that an answer is kept, s."
    )
    cache_shared: bool = Field(
        False,
        description="Whether an answer is kept for all callers; how soon one comes then tells "
        "whether somebody else has asked the same.",
    )
    max_jobs_per_caller: int = Field(
        128,
        ge=0,
        le=100_000,
        description="Requests of one caller that may be served at once, in each gateway process. "
        "0: any number.",
    )
    head_seconds: float = Field(
        30, gt=0, le=600, description="Longest time that a request's head may take to arrive, s."
    )
    body_seconds: float = Field(
        60,
        gt=0,
        le=3600,
        description="Longest time that a request's body may take to arrive, s; as much again for "
        "each further `max_upload_bytes` that it has.",
    )
    lowest_bytes_per_second: int = Field(
        1000,
        ge=1,
        description="Lowest average rate at which bodies may arrive and answers be read, bytes/s.",
    )
    idle_seconds: float = Field(
        20, gt=0, le=3600, description="Time that a connection stays open between requests, s."
    )
    max_connections: int = Field(
        1000, ge=1, le=100_000, description="Connections open at once, in each gateway process."
    )
    trusted_proxies: Words = Field(
        (),
        description="Addresses or networks of proxies whose X-Forwarded-For and -Proto are "
        "believed, separated by commas.",
    )
    drain_seconds: float = Field(
        30, gt=0, le=600, description="Time that running requests get when the service ends, s."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is logged."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="Form of a log line; `auto`: `text` on a terminal, `json` elsewhere."
    )

    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token of who may read `/metrics`, 16 to 512 letters, digits or "
        "`._~+/-`; without one there is no such path.",
    )

    traces: bool = Field(
        False,
        description="Whether requests and tasks are traced by OpenTelemetry, which needs the extra "
        "`otel`; where to, its own variables say (see docs/monitoring.md).",
    )

    @field_validator(
        "fetch_allow",
        "open_dialects",
        "allowed_origins",
        "celantur_classes",
        "issuer_audiences",
        "more_ports",
        "preload",
        "trusted_proxies",
        "worker_labels",
        mode="before",
    )
    @classmethod
    def _words(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("data", mode="before")
    @classmethod
    def _folder(cls, value: object) -> object:
        if value == "":
            raise ValueError("expected a folder")
        return value

    @field_validator("public_url", "pool", "issuer", "limits", "cache")
    @classmethod
    def _port(cls, value: str) -> str:
        try:
            urlsplit(value).port  # noqa: B018 (it is looked at when it is asked for)
        except ValueError:
            # The reason would be a part of the password where that holds a `/` or `#`.
            raise ValueError(
                f"its port is no number up to {HIGHEST_PORT}; in a password / ? # @ and : are "
                "written %2F %3F %23 %40 and %3A"
            ) from None
        return value

    @field_validator("metrics_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("expected 16 to 512 letters, digits or ._~+/-")
        return value

    @field_validator("more_ports")
    @classmethod
    def _ports(cls, value: tuple[int, ...], told: ValidationInfo) -> tuple[int, ...]:
        ports = [told.data.get("port"), *value]
        if twice := [one for one in value if ports.count(one) > 1]:
            raise ValueError(f"port {twice[0]} is given twice")
        return value

    @field_validator("pool_tls_key")
    @classmethod
    def _tls(cls, value: Path | None, told: ValidationInfo) -> Path | None:
        files = [told.data.get("pool_tls_ca"), told.data.get("pool_tls_cert"), value]
        if any(files) and not all(files):
            raise ValueError("of PIXELGATE_POOL_TLS_CA, _CERT and _KEY all are needed, or none")
        return value

    @field_validator("worker_labels")
    @classmethod
    def _labels(cls, value: Names) -> Names:
        for one in value:
            if not _LABEL.fullmatch(one):
                raise ValueError(f"{one} is no label; expected each by its engine: engine:label")
        return value

    @field_validator("pekat_projects", mode="before")
    @classmethod
    def _files(cls, value: object) -> object:
        """A file's name may have blanks."""
        if not isinstance(value, str):
            return value
        return tuple(one.strip() for one in value.split(",") if one.strip())

    @field_validator("pekat_projects")
    @classmethod
    def _projects(cls, value: Names, told: ValidationInfo) -> Names:
        files = [ProjectFile.told(one) for one in value]
        names = [one.name for one in files]
        own = [one.port for one in files if one.port]
        ports = [told.data.get("port"), *told.data.get("more_ports", ()), *own]
        for one in files:
            if names.count(one.name) > 1:
                raise ValueError(f"two projects are called {one.name}")
            if ports.count(one.port) > 1:
                raise ValueError(f"port {one.port} is given twice")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: Names) -> Names:
        for one in value:
            if not _ORIGIN.fullmatch(one):
                raise ValueError(
                    f"{one} is no origin; expected each by its name: https://a.example"
                )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _knows_callers(cls, value: Names, info: ValidationInfo) -> Names:
        if value and info.data.get("pekat_shared_memory"):
            raise ValueError(
                "with PIXELGATE_PEKAT_SHARED_MEMORY there may be none; whether a caller is on "
                "this machine, the connection itself has to tell"
            )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: Names) -> Names:
        for one in value:
            if one != "*":
                ip_network(one)
        return value

    @field_validator("models", mode="before")
    @classmethod
    def _json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('expected JSON: {"detector": {"file": "/FILE.onnx"}}') from None

    @field_validator("models", mode="before")
    @classmethod
    def _keys_of_models(cls, value: Any) -> Any:
        known = [one.name for one in fields(weights.ModelFiles)]
        for name, told in value.items() if isinstance(value, dict) else ():
            for key in told if isinstance(told, dict) else ():
                if key not in known:
                    raise ValueError(f"of {name}, {unknown(key, known)}")
        return value

    @field_validator("models", "preload")
    @classmethod
    def _models(cls, value: Names) -> Names:
        known = weights.names()
        if unknown := [name for name in value if name not in known]:
            raise ValueError(f"there is no model {unknown[0]}; expected {', '.join(known)}")
        return value

    @property
    def base_url(self) -> str:
        """The public address, with its default filled in."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def project_files(self) -> tuple[ProjectFile, ...]:
        """The projects that are named."""
        return tuple(ProjectFile.told(one) for one in self.pekat_projects)

    @property
    def ports(self) -> tuple[int, ...]:
        """All that are listened on: the service's own, and those of projects."""
        own = (one.port for one in self.project_files if one.port)
        return (self.port, *self.more_ports, *own)

    @property
    def database_url(self) -> str:
        """The database's address, with its default filled in."""
        return self.database or f"sqlite:///{self.data.resolve() / 'pixelgate.db'}"

    @property
    def storage_url(self) -> str:
        """The storage's address, with its default filled in."""
        return self.storage or f"file://{self.data.resolve() / 'blobs'}"

    @property
    def labels(self) -> dict[str, str]:
        """The label of workers that alone compute an engine, by the engine's name."""
        return dict(one.split(":") for one in self.worker_labels)

    @property
    def slot_count(self) -> int:
        """Engine processes of each gateway process, with the default filled in."""
        return self.slots or max(1, usable_cores() // self.workers)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in wins over the environment, that over the file."""
        sources = init_settings, env_settings, SecretFiles(settings_cls)
        config = os.environ.get(CONFIG_VARIABLE)
        if not config:
            return sources
        _read_toml(Path(config))  # One that is not there would be passed over.
        return *sources, TomlConfigSettingsSource(settings_cls, Path(config))


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets from files, as Docker, Kubernetes and systemd hand them over."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        file = _environment().get(_file_variable(field_name))
        # An editor ends the last line.
        return _text_of(Path(file)).strip() if file else None, field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        told = {name: self.get_field_value(fields[name], name)[0] for name in SECRETS}
        return {name: value for name, value in told.items() if value is not None}


def _text_of(file: Path) -> str:
    try:
        return file.read_text()
    except UnicodeDecodeError as error:
        raise ValueError(f"{error}: {str(file)!r}") from None


def _read_toml(file: Path) -> dict[str, Any]:
    text = _text_of(file)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{error}: {str(file)!r}") from None


def read_settings() -> Settings:
    """The settings as the environment and its files have them now.

    Raises:
        ValueError: some cannot be read or do not fit; a sentence, on a line of its own, for each.
    """
    try:
        return Settings()
    except ValidationError as error:
        sentences = "\n".join(map(_sentence, error.errors()))
    except (OSError, ValueError) as error:
        sentences = f"A file of settings or secrets cannot be read: {error}."
    raise ValueError(sentences)


def _sentence(fault: ErrorDetails) -> str:
    name, found = str(fault["loc"][0]), fault["input"]
    shown = f"a {type(found).__name__}" if found else "empty"
    if Settings.model_fields[name].annotation is SecretStr:
        shown = "not fit"
    elif isinstance(found, str | int | float):
        shown = repr(without_password(found))
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "string_pattern_mismatch":  # It would say a regular expression.
        meaning = Settings.model_fields[name].description
        return f"{PREFIX}{name.upper()} is {shown}: it does not fit. {meaning}"
    within = ".".join(str(one) for one in fault["loc"][1:] if isinstance(one, str))
    return f"{PREFIX}{name.upper()} is {shown}: {message}{within and f' ({within})'}."


class Shown(NamedTuple):
    """A setting as `pixelgate settings` prints it."""

    name: str
    value: Any
    source: str


def explain(settings: Settings) -> list[Shown]:
    """Every setting with its value, without passwords, and where that comes from."""
    environment = _environment()
    shown = []
    for name in Settings.model_fields:
        variable, source = PREFIX + name.upper(), "default"
        if name in settings.model_fields_set:
            is_variable = variable in environment or _file_variable(name) in environment
            source = "environment" if is_variable else "file"
        shown.append(Shown(variable, without_password(getattr(settings, name)), source))
    return shown


def without_password(value: object) -> object:
    """A setting as people may see it: an address keeps its password to itself."""
    return _PASSWORD.sub(r"\1\2***", value) if isinstance(value, str) else value


def misspelt() -> dict[str, str]:
    """What is set but is no setting, each with the one that may be meant, or nothing."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    known += [*map(_file_variable, SECRETS), CONFIG_VARIABLE]
    named = {name for name in _environment() if name.startswith(PREFIX)}
    if file := os.environ.get(CONFIG_VARIABLE):
        named |= {PREFIX + name.upper() for name in _read_toml(Path(file))}
    unknown = sorted(named.difference(known))
    return {name: next(iter(get_close_matches(name, known, 1)), "") for name in unknown}


def _environment() -> dict[str, str]:
    """The variables; pydantic-settings takes them in any case."""
    return {name.upper(): value for name, value in os.environ.items()}


def _file_variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}_FILE"


def usable_cores() -> int:
    """Cores that this process may use: its affinity, less if a cgroup gives less."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, int(_cgroup_cores() or cores)))


def _cgroup_cores() -> float | None:
    """The share of the cgroup (v2) in cores; None without a limit."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)
