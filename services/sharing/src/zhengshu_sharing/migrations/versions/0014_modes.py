"""Knows which modes an entry offers; of what was published before, none, until it is published again."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE datasets ADD COLUMN modes jsonb NOT NULL DEFAULT '[]'")
