"""Imports of a workbook; entries taken over as they stood, with a date to mend what they lack."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    CREATE TABLE imports (
        token text CONSTRAINT pk_imports PRIMARY KEY,
        provider text NOT NULL
            CONSTRAINT fk_imports_provider REFERENCES organizations (code),
        previewed_by text NOT NULL,
        previewed_at timestamptz NOT NULL,
        mend_by date NOT NULL,
        confirmed_at timestamptz,
        report jsonb NOT NULL,
        plans jsonb NOT NULL
    )
    """,
    "ALTER TABLE entries ADD COLUMN mend_by date",
    "CREATE INDEX ix_entries_municipal_code ON entries (municipal_code)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "imports", "SELECT, INSERT, UPDATE")
