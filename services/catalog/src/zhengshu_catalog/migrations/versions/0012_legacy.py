"""Old exchange systems, and what they carried beside the node."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0012"
down_revision = "0011"

STATEMENTS = (
    """
    CREATE TABLE legacy_systems (
        id text CONSTRAINT pk_legacy_systems PRIMARY KEY,
        organization text NOT NULL
            CONSTRAINT fk_legacy_systems_organization REFERENCES organizations (code),
        name text NOT NULL,
        description text NOT NULL,
        interfaces jsonb NOT NULL,
        state text NOT NULL,
        registered_at timestamptz NOT NULL,
        dual_since timestamptz
    )
    """,
    """
    CREATE TABLE legacy_counts (
        system text CONSTRAINT fk_legacy_counts_system REFERENCES legacy_systems (id),
        interface text,
        since timestamptz,
        until timestamptz,
        rows bigint NOT NULL,
        taken bigint NOT NULL,
        at timestamptz NOT NULL,
        by text NOT NULL,
        CONSTRAINT pk_legacy_counts PRIMARY KEY (system, interface, since, until)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "legacy_systems, legacy_counts", "SELECT, INSERT, UPDATE")
