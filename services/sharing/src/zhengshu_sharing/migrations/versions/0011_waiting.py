"""Finds what waits among everything that ever was applied for."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_parts_open ON parts (state, application)"
        " WHERE state NOT IN ('granted', 'refused', 'withdrawn')"
    )
