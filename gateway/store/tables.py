"""The gateway's own rows, in the same schema as the accounts."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from auth.tables import metadata

refused_jobs = Table(
    "refused_jobs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("until", Double, nullable=False, index=True),
)

request_counts = Table(
    "request_counts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("ends_at", Double, nullable=False, index=True),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("work", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("params", JSON, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("told", JSON(none_as_null=True)),
    Column("files", JSON, nullable=False),
    Column("failure", JSON(none_as_null=True)),
    Column("progress", Double, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease", String(32)),
    Column("due_at", Double, nullable=False),
    Column("request_key", String(255)),
    Column("request_digest", String(64)),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("finished_at", Double, index=True),
)
"""`due_at`: from when on a task may be claimed; of one that is processing, when its lease ends."""

_is_unfinished = tasks.c.finished_at.is_(None)
Index(
    "ix_tasks_unfinished",
    tasks.c.turn,
    sqlite_where=_is_unfinished,
    postgresql_where=_is_unfinished,
)
# It passes over those of earlier pages without the rows.
Index("ix_tasks_listed", tasks.c.owner, tasks.c.created_at.desc(), tasks.c.id, tasks.c.work)
Index("ix_tasks_held", tasks.c.owner, tasks.c.finished_at, tasks.c.stored_bytes)
Index("ix_tasks_request_key", tasks.c.owner, tasks.c.request_key, unique=True)

task_totals = Table(
    "task_totals",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("work", String(64), primary_key=True),
    Column("tasks", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
)
"""How many tasks a caller has of a kind, and what they hold; triggers keep it, nobody else."""

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("dialect", String(16), nullable=False),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("secret", Text),
    Column("created_at", Double, nullable=False),
)
"""`secret` is sealed, as are `secret` and `headers` of deliveries."""

Index("ix_webhooks_owner", webhooks.c.owner, webhooks.c.dialect, webhooks.c.created_at)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE")),
    Column("owner", Text, nullable=False),
    Column("dialect", String(16), nullable=False),
    Column("task_id", String(36), nullable=False),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("headers", Text),
    Column("signature_header", String(64)),
    Column("secret", Text),
    Column("body", LargeBinary, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("last_status", Integer),
    Column("last_error", Text),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double, index=True),
)
"""`due_at`: when the next attempt may begin; while one is made, when its lease ends."""

_is_pending = deliveries.c.finished_at.is_(None)
Index(
    "ix_deliveries_due",
    deliveries.c.due_at,
    sqlite_where=_is_pending,
    postgresql_where=_is_pending,
)
Index("ix_deliveries_webhook", deliveries.c.webhook_id, deliveries.c.created_at)

stopped_projects = Table(
    "stopped_projects",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("stopped_at", Double, nullable=False),
)

tool_settings = Table(
    "tool_settings",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("tool", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

gateways = Table(
    "gateways",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("host", Text, nullable=False),
    Column("common", JSON, nullable=False),
    Column("signs_by", Text, nullable=False),
    Column("seen_at", Double, nullable=False),
)
"""One of each gateway process; `common` is what must not differ, `signs_by` the id of a key,
`seen_at` 0 for one that has ended."""
