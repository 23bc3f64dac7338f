"""Finds the clocks that run for one organisation."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_clocks_party ON clocks (party, id) WHERE closed_on IS NULL")
