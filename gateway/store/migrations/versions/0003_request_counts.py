"""Requests of each caller in the current window of the rate limit."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "request_counts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("ends_at", sa.Double, nullable=False, index=True),
    )
