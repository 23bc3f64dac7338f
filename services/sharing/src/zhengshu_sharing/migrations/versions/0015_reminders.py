"""Knows what the party of a clock was told of it, and which period a notice is about."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("ALTER TABLE clocks ADD COLUMN told text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE notices ADD COLUMN term text")
