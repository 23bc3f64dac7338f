"""Digests of held rows; rows from before have none to compare, and differ."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE held_rows ADD COLUMN digest bytea NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE held_rows ALTER COLUMN digest DROP DEFAULT")
