"""Retirement, the read model of grants, and definitions of extended metadata."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    """
    ALTER TABLE entries
        ADD COLUMN retiring_reason text,
        ADD COLUMN retiring_by text,
        ADD COLUMN retiring_at timestamptz
    """,
    """
    CREATE TABLE grants (
        id text CONSTRAINT pk_grants PRIMARY KEY,
        dataset text NOT NULL,
        holder text NOT NULL,
        items text[] NOT NULL,
        ends timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_grants_dataset ON grants (dataset)",
    """
    CREATE TABLE extension_schemas (
        version int CONSTRAINT pk_extension_schemas PRIMARY KEY,
        definition jsonb NOT NULL,
        defined_by text NOT NULL,
        defined_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "grants")
    # The lock that numbers definitions needs more than INSERT.
    grants(op, "extension_schemas", "SELECT, INSERT, UPDATE")
