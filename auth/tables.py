"""The rows that every worker shares: users, clients, sessions, revocations, logins, API keys.

Times are seconds since the epoch; scopes are space separated, NULL where nothing is limited.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("family_name", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("scopes", Text),
    Column("created_at", Double, nullable=False),
)

clients = Table(
    "clients",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("secret_hash", String(64)),
    Column("has_direct_grants", Boolean, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("client_id", ForeignKey("clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("scope", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("refreshed_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("idle_expires_at", Double, nullable=False, index=True),
    Column("ended_at", Double),
    Column("ended_because", String(16)),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("expires_at", Double, nullable=False, index=True),
)

failed_logins = Table(
    "failed_logins",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_name", String(128), nullable=False),
    Column("address", String(64), nullable=False),
    Column("failed_at", Double, nullable=False, index=True),
    Index("ix_failed_logins_address_user_name", "address", "user_name", "failed_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("prefix", String(16), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("scopes", Text),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("used_at", Double),
    Column("revoked_at", Double),
    Index("ix_api_keys_created_at", "created_at", "prefix"),
)
