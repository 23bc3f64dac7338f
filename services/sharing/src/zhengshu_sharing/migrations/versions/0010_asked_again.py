"""A part that came back from the Commission is asked about again."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_opinions_part ON opinions (part)")
    op.execute("ALTER TABLE opinions DROP CONSTRAINT uq_opinions_part")
