"""Who stands in for whom and who left; what a client is lent and whom it answers for."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0018"
down_revision = "0017"

STATEMENTS = (
    """
    CREATE TABLE deputies (
        id text CONSTRAINT pk_deputies PRIMARY KEY,
        officer text NOT NULL CONSTRAINT fk_deputies_officer REFERENCES clients (id),
        deputy text NOT NULL CONSTRAINT fk_deputies_deputy REFERENCES clients (id),
        starts date NOT NULL,
        until date NOT NULL,
        named_by text NOT NULL,
        named_at timestamptz NOT NULL,
        begun_at timestamptz,
        ended_at timestamptz,
        ended_why text
    )
    """,
    "CREATE INDEX ix_deputies_officer ON deputies (officer)",
    "CREATE INDEX ix_deputies_deputy ON deputies (deputy)",
    """
    CREATE TABLE departures (
        officer text CONSTRAINT pk_departures PRIMARY KEY
            CONSTRAINT fk_departures_officer REFERENCES clients (id),
        successor text NOT NULL CONSTRAINT fk_departures_successor REFERENCES clients (id),
        departed_by text NOT NULL,
        departed_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_departures_successor ON departures (successor)",
    "ALTER TABLE clients ADD COLUMN lent text[] NOT NULL DEFAULT '{}'",
    "ALTER TABLE clients ADD COLUMN standing_in_for text[] NOT NULL DEFAULT '{}'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "deputies, departures")
