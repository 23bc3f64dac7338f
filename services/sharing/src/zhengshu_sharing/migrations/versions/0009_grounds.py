"""The ground on which a provider refuses."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the ground to opinions."""
    op.execute("ALTER TABLE opinions ADD COLUMN ground text")
