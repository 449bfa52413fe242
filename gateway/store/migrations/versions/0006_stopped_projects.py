"""Projects of the PEKAT Vision API that were stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "stopped_projects",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("stopped_at", sa.Double, nullable=False),
    )
