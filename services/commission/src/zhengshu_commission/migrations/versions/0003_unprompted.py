"""Numbers of call-backs that answer no filing; those of before were sent, and are not asked for."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE callbacks ADD COLUMN sequence bigint")
    op.execute("ALTER TABLE callbacks ADD CONSTRAINT uq_callbacks_sequence UNIQUE (sequence)")
