"""Whether a dataset is served, as catalog tells it."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # What was served before this revision is assumed to be: a clock that never stops would accuse.
    op.execute("ALTER TABLE datasets ADD COLUMN served boolean NOT NULL DEFAULT true")
    op.execute("ALTER TABLE datasets ALTER COLUMN served SET DEFAULT false")
    op.execute("ALTER TABLE datasets ADD COLUMN served_as_of timestamptz")
