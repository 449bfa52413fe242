"""Work that is answered later."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("work", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("told", sa.JSON(none_as_null=True)),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("failure", sa.JSON(none_as_null=True)),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("request_key", sa.String(255)),
        sa.Column("request_digest", sa.String(64)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("finished_at", sa.Double, index=True),
    )
    is_unfinished = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_tasks_unfinished",
        "tasks",
        ["turn"],
        sqlite_where=is_unfinished,
        postgresql_where=is_unfinished,
    )
    op.create_index("ix_tasks_owner", "tasks", ["owner", "created_at"])
    op.create_index("ix_tasks_held", "tasks", ["owner", "finished_at", "stored_bytes"])
    op.create_index("ix_tasks_request_key", "tasks", ["owner", "request_key"], unique=True)
