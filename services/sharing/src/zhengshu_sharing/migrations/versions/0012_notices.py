"""What organisations are told of."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0012"
down_revision = "0011"

STATEMENTS = (
    """
    CREATE TABLE notices (
        id text CONSTRAINT pk_notices PRIMARY KEY,
        once text NOT NULL CONSTRAINT uq_notices_once UNIQUE,
        organization text NOT NULL,
        kind text NOT NULL,
        matter text NOT NULL,
        dataset text,
        due date,
        at timestamptz NOT NULL,
        read_at timestamptz,
        read_by text
    )
    """,
    "CREATE INDEX ix_notices_organization ON notices (organization, id)",
    "CREATE INDEX ix_notices_unread ON notices (organization, id) WHERE read_at IS NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "notices", "SELECT, INSERT, UPDATE")
