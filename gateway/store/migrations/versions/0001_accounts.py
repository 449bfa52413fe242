"""Users, clients, sessions, revoked tokens, failed logins and API keys."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_accounts()
    _create_sessions()
    _create_defences()
    _create_api_keys()


def _create_accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(128), nullable=False, unique=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("given_name", sa.Text, nullable=False),
        sa.Column("family_name", sa.Text, nullable=False),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("scopes", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    clients = op.create_table(
        "clients",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("secret_hash", sa.String(64)),
        sa.Column("has_direct_grants", sa.Boolean, nullable=False),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    ltu_api = {"id": "ltu-api", "has_direct_grants": True, "is_enabled": True}
    op.bulk_insert(clients, [ltu_api | {"created_at": time.time()}])


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(36), primary_key=True),
        _owner("user_id", "users.id", 36),
        _owner("client_id", "clients.id", 128),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("refreshed_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("idle_expires_at", sa.Double, nullable=False, index=True),
        sa.Column("ended_at", sa.Double),
        sa.Column("ended_because", sa.String(16)),
    )


def _create_defences() -> None:
    op.create_table(
        "revoked_tokens",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("expires_at", sa.Double, nullable=False, index=True),
    )
    op.create_table(
        "failed_logins",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_name", sa.String(128), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("failed_at", sa.Double, nullable=False, index=True),
        sa.Index("ix_failed_logins_address_user_name", "address", "user_name", "failed_at"),
    )


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("prefix", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        _owner("user_id", "users.id", 36),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("used_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
    )


def _owner(name: str, target: str, length: int) -> sa.Column[str]:
    reference = sa.ForeignKey(target, ondelete="CASCADE")
    return sa.Column(name, sa.String(length), reference, nullable=False, index=True)
