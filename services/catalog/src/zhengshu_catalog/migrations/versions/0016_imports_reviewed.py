"""Imports' entries taken over wait for the competent department; a missed date to mend is told once."""

from alembic import op

revision = "0016"
down_revision = "0015"

STATEMENTS = (
    "ALTER TABLE imports ADD COLUMN waiting int NOT NULL DEFAULT 0",
    "CREATE INDEX ix_imports_waiting ON imports (token) WHERE waiting > 0",
    "ALTER TABLE entries ADD COLUMN mend_missed boolean NOT NULL DEFAULT false",
    "CREATE INDEX ix_entries_mend_by ON entries (mend_by) WHERE mend_by IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
