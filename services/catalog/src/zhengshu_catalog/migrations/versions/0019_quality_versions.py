"""The quality of every version that was measured; how timely a dataset is, pushed to or not."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0019"
down_revision = "0018"

STATEMENTS = (
    """
    CREATE TABLE quality_versions (
        dataset text CONSTRAINT fk_quality_versions_dataset REFERENCES datasets (id),
        epoch int,
        version int,
        revision int NOT NULL,
        measured_at timestamptz NOT NULL,
        rows bigint NOT NULL,
        completeness double precision NOT NULL,
        validity double precision NOT NULL,
        uniqueness double precision NOT NULL,
        consistency double precision NOT NULL,
        CONSTRAINT pk_quality_versions PRIMARY KEY (dataset, epoch, version)
    )
    """,
    """
    CREATE TABLE timeliness (
        dataset text CONSTRAINT pk_timeliness PRIMARY KEY
            CONSTRAINT fk_timeliness_dataset REFERENCES datasets (id),
        revision int NOT NULL,
        since timestamptz,
        due timestamptz,
        lapsed boolean NOT NULL
    )
    """,
    "CREATE INDEX ix_timeliness_due ON timeliness (due)",
    "INSERT INTO timeliness SELECT dataset, revision, NULL, due, lapsed FROM quality",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "quality_versions, timeliness")
