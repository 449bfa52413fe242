"""What the admin API takes and answers; an absent `scopes` is no limit."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

PREFIX = "/v2/admin/"
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
"""What a row and a line of a log can hold."""

Name = Annotated[str, Field(min_length=1, max_length=128, pattern=_PRINTABLE)]
Words = Annotated[str, Field(max_length=200, pattern=_PRINTABLE)]
Scopes = Annotated[
    Annotated[list[Name], Field(max_length=200)] | None,
    Field(
        description="Names of services, `pekat`, and `admin`. Absent: all of them but `admin`.",
    ),
]
Password = Annotated[
    SecretStr,
    Field(min_length=8, max_length=1024, description="8 characters and more, 1024 bytes at most."),
]


class Sent(BaseModel):
    """What a request says; nothing is guessed, and nothing passed over."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _told(cls, value: object) -> object:
        """A program that has lost a limit must not lift it."""
        if value is None:
            raise ValueError("null is no value; leave the field out")
        return value


class CallerAnswer(BaseModel):
    """Who asks, and what they may."""

    name: str = Field(description="The account's.")
    is_admin: bool = Field(description="Whether the admin API answers them.")
    scopes: Scopes = None


class Limit(Sent):
    """What an account may use."""

    scopes: Scopes = None


class NewPassword(Sent):
    """Another password; it ends the account's sessions."""

    password: Password


class NewAccount(Limit, NewPassword):
    """Somebody who may log in."""

    name: Name = Field(description="1 to 128 letters, digits, and any of `._@+-`; case is folded.")
    email: Words = Field("", description="Shown in tokens.")
    given_name: Words = Field("", description="Shown in tokens.")
    family_name: Words = Field("", description="Shown in tokens.")


class AccountAnswer(BaseModel):
    """An account, without its password."""

    name: str
    email: str
    given_name: str
    family_name: str
    is_enabled: bool
    scopes: Scopes = None
    created_at: datetime


class AccountList(BaseModel):
    """Accounts, by name."""

    total: int = Field(description="Accounts there are, listed or not.")
    accounts: list[AccountAnswer]
    known_scopes: list[str] = Field(description="What accounts and keys can be limited to.")


class NewClient(Sent):
    """A program that may ask for tokens."""

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,128}$", description="Sent as `client_id`.")
    is_confidential: bool = Field(
        False, description="Whether it gets a secret; then it may introspect tokens."
    )
    has_password_grant: bool = Field(True, description="Whether it may log users in.")


class ClientAnswer(BaseModel):
    """A client, without its secret."""

    name: str
    is_confidential: bool
    has_password_grant: bool
    is_enabled: bool
    created_at: datetime


class ClientList(BaseModel):
    """Clients, by name."""

    total: int = Field(description="Clients there are, listed or not.")
    clients: list[ClientAnswer]


class MadeClient(BaseModel):
    """A client that was made."""

    name: str
    secret: str | None = Field(
        None, description="Shown this once, and kept as a digest; only a confidential one has any."
    )


class NewApiKey(Sent):
    """A key for a program that cannot log in."""

    owner: Name = Field(description="The account that it acts for.")
    label: Words = Field("", description="What it is for.")
    scopes: Scopes = None
    days: int | None = Field(
        None, ge=1, le=36_500, description="How many it lasts; absent: for ever."
    )


class ApiKeyAnswer(BaseModel):
    """A key, without its secret part."""

    prefix: str = Field(description="Its beginning, which names it.")
    owner: str
    label: str
    scopes: Scopes = None
    created_at: datetime
    expires_at: datetime | None = Field(None, description="Absent: never.")
    used_at: datetime | None = Field(None, description="Lately, to the minute; absent: never.")
    revoked_at: datetime | None = Field(None, description="Absent: it is valid until it expires.")


class ApiKeyList(BaseModel):
    """API keys, the newest first."""

    total: int = Field(description="API keys there are, listed or not.")
    keys: list[ApiKeyAnswer]


class MadeApiKey(BaseModel):
    """A key that was made."""

    key: str = Field(description="Shown this once, and kept as a digest.")


class ModelAnswer(BaseModel):
    """A learned model, as its file is now."""

    name: str = Field(description="As settings call it.")
    title: str
    licence: str
    source: str
    bytes: int = Field(ge=0, description="Size of its file; 0 where that cannot be read.")
    sha256: str = Field(description="Of its file; empty where that cannot be read.")


class ModelList(BaseModel):
    """Every learned model."""

    models: list[ModelAnswer]


class SettingAnswer(BaseModel):
    """A setting; secrets are stars."""

    name: str = Field(description="Its environment variable.")
    value: str
    source: str = Field(description="`default`, `environment` or `file`.")


class SettingList(BaseModel):
    """Every setting of the gateway process that answers."""

    settings: list[SettingAnswer]


class RefusedJob(BaseModel):
    """A question about a picture that killed its engine process twice."""

    digest: str = Field(description="Of engine, parameters and inputs.")
    until: datetime = Field(description="When it will be tried again.")


class Quarantine(BaseModel):
    """What is refused for now, the latest first."""

    jobs: list[RefusedJob]


class RequestCount(BaseModel):
    """Requests of a kind since the service started."""

    dialect: str = Field(description="`gateway`: health, realm and pages.")
    route: str
    status: str = Field(description="`abandoned`: the caller left before the answer.")
    count: int


class Latency(BaseModel):
    """How long things of a kind took since the service started."""

    of: Literal["request", "queue", "engine"] = Field(
        description="A request to its answer's end, a computation's wait, and the computation."
    )
    name: str = Field(description="The dialect of a request; else the engine.")
    seconds: float = Field(description="In all.")
    counts: list[int] = Field(
        description="How many took as long as each of `bounds_seconds`, and more than the one "
        "before; the last, which has no bound, longer than all."
    )


class RefusalCount(BaseModel):
    """Refusals for a reason since the service started."""

    reason: str
    count: int


class MetricsAnswer(BaseModel):
    """How it goes, over all gateway processes; counts only grow until the service ends."""

    at: datetime
    gateways: int = Field(description="Gateway processes.")
    slots: int = Field(description="Engine processes that take jobs.")
    slots_busy: int = Field(description="Those that compute.")
    queue_length: int = Field(description="Jobs that no engine process has yet.")
    queue_limit: int = Field(description="Jobs that may wait.")
    held_bytes: int = Field(description="Bodies, pictures and answers in memory.")
    held_limit: int = Field(description="What they may come to, bytes.")
    jobs: int = Field(description="Jobs that ended.")
    job_retries: int = Field(description="Jobs begun again, for their process died.")
    slot_kills: int = Field(description="Engine processes killed at a deadline, or for nobody.")
    slot_crashes: int = Field(description="Engine processes that died.")
    slot_retirements: int = Field(description="Engine processes replaced, for they were worn.")
    requests: list[RequestCount]
    refusals: list[RefusalCount]
    bounds_seconds: list[float]
    latencies: list[Latency]
