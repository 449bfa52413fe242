"""Lists of tasks and keys, a page of which costs the same however long they are."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    listed: list[str | sa.TextClause] = ["owner", sa.text("created_at DESC"), "id", "work"]
    op.create_index("ix_tasks_listed", "tasks", listed)
    op.create_index("ix_api_keys_created_at", "api_keys", ["created_at", "prefix"])
    op.drop_index("ix_tasks_owner", "tasks")
