"""Datasets and batches. Rows and history of each dataset are made in schema `rows` as it is published."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    CREATE TABLE datasets (
        id text CONSTRAINT pk_datasets PRIMARY KEY
            CONSTRAINT fk_datasets_id REFERENCES entries (id),
        revision int NOT NULL,
        items jsonb NOT NULL,
        epoch int NOT NULL,
        version int NOT NULL,
        rows bigint NOT NULL,
        acknowledged int NOT NULL,
        uploading text
    )
    """,
    """
    CREATE TABLE batches (
        id text CONSTRAINT pk_batches PRIMARY KEY,
        dataset text NOT NULL CONSTRAINT fk_batches_dataset REFERENCES datasets (id),
        system text NOT NULL,
        mode text NOT NULL,
        epoch int,
        version int,
        digest bytea NOT NULL,
        answer jsonb NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT uq_batches_dataset_epoch_version UNIQUE (dataset, epoch, version)
    )
    """,
    "CREATE INDEX ix_batches_dataset_id ON batches (dataset, id)",
    # The reading role is named like the others: <database>_owner, _app, _reader.
    """
    DO $$ BEGIN
        EXECUTE format('GRANT SELECT ON datasets TO %I',
                       regexp_replace(current_user, '_owner$', '_reader'));
    END $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "datasets", "SELECT, INSERT, UPDATE")
    grants(op, "batches", "SELECT, INSERT")
