"""Which chain of consents a part goes; what runs keeps the one it began with."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE parts ADD COLUMN chain text NOT NULL DEFAULT 'commission'")
