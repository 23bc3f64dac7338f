"""Corrections, disputes, objections and demands as matters; usage records."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    CREATE TABLE matters (
        id text CONSTRAINT pk_matters PRIMARY KEY,
        kind text NOT NULL,
        number text NOT NULL CONSTRAINT uq_matters_number UNIQUE,
        organization text NOT NULL,
        counterpart text,
        dataset text,
        filed_by text NOT NULL,
        filed_at timestamptz NOT NULL,
        state text NOT NULL,
        body jsonb NOT NULL
    )
    """,
    "CREATE INDEX ix_matters_kind_organization_id ON matters (kind, organization, id)",
    "CREATE INDEX ix_matters_kind_counterpart_id ON matters (kind, counterpart, id)",
    "CREATE INDEX ix_matters_dataset_kind_state ON matters (dataset, kind, state)",
    """
    CREATE TABLE matter_steps (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_matter_steps PRIMARY KEY,
        matter text NOT NULL CONSTRAINT fk_matter_steps_matter REFERENCES matters (id),
        at timestamptz NOT NULL,
        actor text NOT NULL,
        officer text NOT NULL,
        what text NOT NULL,
        opinion text NOT NULL
    )
    """,
    "CREATE INDEX ix_matter_steps_matter_id ON matter_steps (matter, id)",
    # Objections filed so far had no number; their id is one, and their clock begins now.
    """
    INSERT INTO matters
    SELECT id, 'objection', id, organization, provider, dataset, filed_by, filed_at, state,
           jsonb_build_object('dataset', dataset, 'items', items, 'reason', reason)
      FROM objections
    """,
    """
    INSERT INTO matter_steps (matter, at, actor, officer, what, opinion)
    SELECT id, filed_at, organization, filed_by, '提出', '' FROM objections
    """,
    """
    INSERT INTO clocks
    SELECT 'k-' || id, 'objection', id, id, provider, (now() AT TIME ZONE 'Asia/Shanghai')::date,
           10, 0, NULL, '[]', NULL, NULL, NULL, false, ''
      FROM objections
    """,
    "DROP TABLE objections",
    """
    CREATE TABLE usage_records (
        id text CONSTRAINT pk_usage_records PRIMARY KEY,
        dataset text NOT NULL,
        provider text NOT NULL,
        "grant" text CONSTRAINT fk_usage_records_grant REFERENCES grants (id),
        organization text NOT NULL,
        kind text NOT NULL,
        "on" date NOT NULL,
        text text NOT NULL,
        recorded_by text NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_usage_records_organization_id ON usage_records (organization, id)",
    "CREATE INDEX ix_usage_records_provider_id ON usage_records (provider, id)",
    "CREATE INDEX ix_usage_records_dataset_id ON usage_records (dataset, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "matters")
    # What was said and what was recorded stays as it was.
    grants(op, "matter_steps, usage_records", "SELECT, INSERT")
