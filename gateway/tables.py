"""The gateway's own rows, in the same schema as the accounts."""

from sqlalchemy import Column, Double, String, Table

from auth.tables import metadata

refused_jobs = Table(
    "refused_jobs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("until", Double, nullable=False, index=True),
)
