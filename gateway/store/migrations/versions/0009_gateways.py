"""Gateways at work, and what each has that all of them must have in common."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "gateways",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("common", sa.JSON, nullable=False),
        sa.Column("signs_by", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
    )
