"""Published items as they are compared, and named sources. `reindex` fills the items of what is there."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    """
    CREATE TABLE items (
        entry text NOT NULL CONSTRAINT fk_items_entry REFERENCES entries (id),
        name text NOT NULL,
        title text NOT NULL,
        type text NOT NULL,
        terms tsvector NOT NULL,
        CONSTRAINT pk_items PRIMARY KEY (entry, name)
    )
    """,
    "CREATE INDEX ix_items_terms ON items USING gin (terms) WITH (fastupdate = off)",
    """
    CREATE TABLE sources (
        title_key text CONSTRAINT pk_sources PRIMARY KEY,
        title text NOT NULL,
        entry text NOT NULL CONSTRAINT fk_sources_entry REFERENCES entries (id),
        item text NOT NULL,
        reason text NOT NULL,
        named_by text NOT NULL,
        named_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_sources_entry_item ON sources (entry, item)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "items, sources")
