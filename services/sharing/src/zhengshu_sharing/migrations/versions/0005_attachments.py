"""Attachments."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    """
    CREATE TABLE attachments (
        id text CONSTRAINT pk_attachments PRIMARY KEY,
        organization text NOT NULL,
        name text NOT NULL,
        media text NOT NULL,
        size int NOT NULL,
        digest text NOT NULL,
        uploaded_by text NOT NULL,
        uploaded_at timestamptz NOT NULL,
        keep_until date NOT NULL,
        "case" text,
        readers text[] NOT NULL
    )
    """,
    'CREATE INDEX ix_attachments_case ON attachments ("case")',
    "CREATE INDEX ix_attachments_keep_until ON attachments (keep_until)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "attachments")
