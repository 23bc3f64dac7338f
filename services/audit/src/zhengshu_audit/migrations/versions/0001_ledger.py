"""The ledger: leaves, the tree above them, checkpoints and countersignatures, all insert-only."""

from alembic import op
from zhengshu_chassis.migrate import chassis_tables, grants

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE leaves (
        index bigint CONSTRAINT pk_leaves PRIMARY KEY CONSTRAINT ck_leaves_index CHECK (index >= 0),
        kind text NOT NULL,
        subject text NOT NULL,
        event_id text NOT NULL CONSTRAINT uq_leaves_event_id UNIQUE,
        at timestamptz NOT NULL,
        payload text,
        leaf_hash bytea NOT NULL CONSTRAINT ck_leaves_hash CHECK (length(leaf_hash) = 32)
    )
    """,
    """
    CREATE TABLE nodes (
        level smallint NOT NULL,
        "offset" bigint NOT NULL,
        hash bytea NOT NULL CONSTRAINT ck_nodes_hash CHECK (length(hash) = 32),
        CONSTRAINT pk_nodes PRIMARY KEY (level, "offset")
    )
    """,
    """
    CREATE TABLE checkpoints (
        size bigint CONSTRAINT pk_checkpoints PRIMARY KEY,
        root bytea NOT NULL,
        note text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE countersignatures (
        size bigint CONSTRAINT pk_countersignatures PRIMARY KEY
            CONSTRAINT fk_countersignatures_size REFERENCES checkpoints (size),
        line text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE open_accesses (
        record text CONSTRAINT pk_open_accesses PRIMARY KEY,
        decided_at timestamptz,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX ix_open_accesses_decided_at ON open_accesses (decided_at) WHERE ended_at IS NULL",
    "CREATE INDEX ix_open_accesses_ended_at ON open_accesses (ended_at) WHERE decided_at IS NULL",
)


def upgrade() -> None:
    chassis_tables(op)
    for statement in TABLES:
        op.execute(statement)
    # No role that serves can change or remove what was recorded.
    grants(op, "leaves, nodes, checkpoints, countersignatures", "SELECT, INSERT")
    grants(op, "open_accesses")
