"""Pushes that are taken later, the quality of versions, how timely datasets are, and reconciliations."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    """
    CREATE TABLE pushes (
        id text CONSTRAINT pk_pushes PRIMARY KEY,
        dataset text NOT NULL CONSTRAINT fk_pushes_dataset REFERENCES datasets (id),
        push jsonb NOT NULL,
        spooled boolean NOT NULL,
        size bigint NOT NULL,
        read bigint NOT NULL,
        attempts int NOT NULL,
        state text NOT NULL,
        problem jsonb,
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_pushes_spooled ON pushes (id) WHERE spooled",
    """
    CREATE TABLE quality (
        dataset text CONSTRAINT pk_quality PRIMARY KEY
            CONSTRAINT fk_quality_dataset REFERENCES datasets (id),
        epoch int NOT NULL,
        version int NOT NULL,
        revision int NOT NULL,
        measured_at timestamptz NOT NULL,
        rows bigint NOT NULL,
        completeness double precision NOT NULL,
        validity double precision NOT NULL,
        uniqueness double precision NOT NULL,
        consistency double precision NOT NULL,
        due timestamptz,
        lapsed boolean NOT NULL
    )
    """,
    """
    CREATE TABLE reconciliations (
        id text CONSTRAINT pk_reconciliations PRIMARY KEY,
        dataset text NOT NULL CONSTRAINT fk_reconciliations_dataset REFERENCES datasets (id),
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        dispatch text,
        epoch int,
        version int,
        rows bigint,
        digest text,
        held jsonb,
        answered_at timestamptz
    )
    """,
    "CREATE INDEX ix_reconciliations_dataset_id ON reconciliations (dataset, id)",
    "CREATE INDEX ix_reconciliations_waiting ON reconciliations (id) WHERE dispatch IS NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "pushes, quality, reconciliations")
