"""A client's former secret and its lock, vendors, systems' lives and statements."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    """
    ALTER TABLE clients
        ADD COLUMN previous bytea CONSTRAINT ck_clients_previous CHECK (length(previous) = 32),
        ADD COLUMN previous_until timestamptz,
        ADD COLUMN lock_reason text,
        ADD COLUMN locked_by text
    """,
    """
    CREATE TABLE vendors (
        id text CONSTRAINT pk_vendors PRIMARY KEY,
        name text NOT NULL,
        code text NOT NULL,
        department text NOT NULL
            CONSTRAINT fk_vendors_department REFERENCES organizations (code),
        duties text NOT NULL,
        document text NOT NULL,
        systems text[] NOT NULL,
        until date NOT NULL,
        entrusted_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX ix_vendors_until ON vendors (until) WHERE ended_at IS NULL",
    """
    CREATE TABLE systems (
        id text CONSTRAINT pk_systems PRIMARY KEY
            CONSTRAINT fk_systems_id REFERENCES clients (id),
        stage text NOT NULL,
        planned jsonb NOT NULL
    )
    """,
    # Systems that are there already are in use.
    """
    INSERT INTO systems (id, stage, planned)
        SELECT id, 'operating', '[]' FROM clients WHERE kind = 'system'
    """,
    """
    CREATE TABLE statements (
        number text CONSTRAINT pk_statements PRIMARY KEY,
        year int NOT NULL,
        sequence int NOT NULL,
        system text NOT NULL CONSTRAINT fk_statements_system REFERENCES clients (id),
        organization text NOT NULL,
        issued_by text NOT NULL,
        issued_at timestamptz NOT NULL,
        content jsonb NOT NULL,
        CONSTRAINT uq_statements_year_sequence UNIQUE (year, sequence)
    )
    """,
    "CREATE INDEX ix_statements_system ON statements (system)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "vendors, systems", "SELECT, INSERT, UPDATE")
    grants(op, "statements", "SELECT, INSERT")
