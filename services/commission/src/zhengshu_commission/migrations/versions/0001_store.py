"""The stand-in's store, and the municipal catalogue it begins with."""

from alembic import op
from zhengshu_chassis.migrate import grants
from zhengshu_commission import municipal

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE filings (
        ref text CONSTRAINT pk_filings PRIMARY KEY,
        number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT uq_filings_number UNIQUE,
        kind text NOT NULL,
        about text NOT NULL,
        body jsonb NOT NULL,
        state text NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_filings_kind_about ON filings (kind, about, number)",
    "CREATE INDEX ix_filings_pending ON filings (number) WHERE state = 'pending'",
    """
    CREATE TABLE callbacks (
        id text CONSTRAINT pk_callbacks PRIMARY KEY,
        ref text,
        answer jsonb NOT NULL,
        issued_at timestamptz NOT NULL DEFAULT now(),
        due_at timestamptz NOT NULL,
        attempts int NOT NULL DEFAULT 0,
        sent_at timestamptz
    )
    """,
    "CREATE INDEX ix_callbacks_ref ON callbacks (ref)",
    "CREATE INDEX ix_callbacks_due ON callbacks (due_at) WHERE sent_at IS NULL",
    """
    CREATE TABLE entries (
        entry text CONSTRAINT pk_entries PRIMARY KEY,
        sequence bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT uq_entries_sequence UNIQUE,
        service_code text
    )
    """,
    """
    CREATE TABLE holdings (
        dataset text CONSTRAINT pk_holdings PRIMARY KEY,
        epoch int NOT NULL,
        "to" bigint NOT NULL
    )
    """,
    """
    CREATE TABLE held_rows (
        dataset text NOT NULL,
        id text NOT NULL,
        row jsonb NOT NULL,
        CONSTRAINT pk_held_rows PRIMARY KEY (dataset, id)
    )
    """,
    """
    CREATE TABLE municipal_entries (
        id text CONSTRAINT pk_municipal_entries PRIMARY KEY,
        sequence bigint NOT NULL CONSTRAINT uq_municipal_entries_sequence UNIQUE,
        municipal_code text NOT NULL CONSTRAINT uq_municipal_entries_municipal_code UNIQUE,
        entry jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE service_rows (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_service_rows PRIMARY KEY,
        municipal_code text NOT NULL,
        row jsonb NOT NULL
    )
    """,
    "CREATE INDEX ix_service_rows_municipal_code ON service_rows (municipal_code)",
    """
    CREATE TABLE witness (
        one int CONSTRAINT pk_witness PRIMARY KEY CHECK (one = 1),
        size bigint NOT NULL,
        note text NOT NULL
    )
    """,
    """
    CREATE TABLE switches (
        one int CONSTRAINT pk_switches PRIMARY KEY CHECK (one = 1),
        value jsonb NOT NULL
    )
    """,
)
NAMES = "filings, callbacks, entries, holdings, held_rows, municipal_entries, service_rows, witness, switches"


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    municipal.seed(op.get_bind())
    grants(op, NAMES)
