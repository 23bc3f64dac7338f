"""Orders that stop the serving of a dataset."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0017"
down_revision = "0016"

STATEMENTS = (
    """
    CREATE TABLE suspensions (
        id text CONSTRAINT pk_suspensions PRIMARY KEY,
        entry text NOT NULL CONSTRAINT fk_suspensions_entry REFERENCES entries (id),
        reason text NOT NULL,
        basis text NOT NULL,
        ordered_by text NOT NULL,
        officer text NOT NULL,
        ordered_at timestamptz NOT NULL,
        lifted_at timestamptz,
        lifted_reason text,
        lifted_officer text
    )
    """,
    "CREATE UNIQUE INDEX uq_suspensions_in_force ON suspensions (entry) WHERE lifted_at IS NULL",
    "CREATE INDEX ix_suspensions_entry ON suspensions (entry, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "suspensions", "SELECT, INSERT, UPDATE")
