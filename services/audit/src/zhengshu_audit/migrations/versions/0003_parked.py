"""Parked dispatches are counted without walking all there ever were."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_dispatches_parked ON dispatches (id) WHERE state = 'parked'")
