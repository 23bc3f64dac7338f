"""Masks and quotas, rectification, renewal, announced stops, disposals."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
    ALTER TABLE grants
        ADD COLUMN masks jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN quota jsonb,
        ADD COLUMN rectification text,
        ADD COLUMN renews text CONSTRAINT fk_grants_renews REFERENCES grants (id)
    """,
    "ALTER TABLE grants ALTER COLUMN masks DROP DEFAULT",
    "ALTER TABLE parts ADD COLUMN quota jsonb",
    "ALTER TABLE applications ADD COLUMN renews text",
    "ALTER TABLE opinions ADD COLUMN masks jsonb NOT NULL DEFAULT '[]', ADD COLUMN quota jsonb",
    "DROP INDEX ix_grants_live",
    "DROP INDEX ix_grants_ending",
    """
    CREATE INDEX ix_grants_live ON grants (dataset)
     WHERE state IN ('active', 'suspended', 'rectified')
    """,
    """
    CREATE INDEX ix_grants_ending ON grants (ends)
     WHERE state IN ('active', 'suspended', 'rectified')
    """,
    """
    CREATE TABLE stops (
        "grant" text CONSTRAINT pk_stops PRIMARY KEY
            CONSTRAINT fk_stops_grant REFERENCES grants (id),
        number text NOT NULL CONSTRAINT uq_stops_number UNIQUE,
        reason text NOT NULL,
        consultation jsonb NOT NULL,
        ends date NOT NULL,
        announced_by text NOT NULL,
        announced_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE disposals (
        "grant" text CONSTRAINT pk_disposals PRIMARY KEY
            CONSTRAINT fk_disposals_grant REFERENCES grants (id),
        opened_at timestamptz NOT NULL,
        method text,
        note text,
        "on" date,
        recorded_by text,
        recorded_at timestamptz
    )
    """,
    # What was over before there were disposals is to be disposed of, too.
    """
    INSERT INTO disposals ("grant", opened_at)
    SELECT id, now() FROM grants WHERE state IN ('expired', 'revoked')
    """,
    """
    INSERT INTO clocks
    SELECT 'k-' || id, 'disposal', id, id, holder, (now() AT TIME ZONE 'Asia/Shanghai')::date,
           10, 0, NULL, '[]', NULL, NULL, NULL, false, ''
      FROM grants WHERE state IN ('expired', 'revoked')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "stops, disposals")
