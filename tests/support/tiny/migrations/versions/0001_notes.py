"""The chassis's tables, notes and what was seen."""

import sqlalchemy as sa
from alembic import op
from zhengshu_chassis.migrate import chassis_tables, grants

revision = "0001"
down_revision = None


def upgrade() -> None:
    chassis_tables(op)
    op.create_table(
        "notes",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
    )
    # Deferred, so that only the commit fails.
    op.execute(
        "ALTER TABLE notes ADD CONSTRAINT uq_notes_text UNIQUE (text) DEFERRABLE INITIALLY DEFERRED"
    )
    op.create_table(
        "seen",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    grants(op, "notes, seen")
