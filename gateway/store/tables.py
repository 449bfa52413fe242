"""The gateway's own rows, in the same schema as the accounts."""

from sqlalchemy import Column, Double, Integer, String, Table, Text

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
