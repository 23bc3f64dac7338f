"""What entries are found, narrowed and counted by. Terms of entries that are there are made by `reindex`."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
    ALTER TABLE entries
        DROP COLUMN abstract,
        ADD COLUMN theme text NOT NULL DEFAULT '',
        ADD COLUMN sharing text NOT NULL DEFAULT '',
        ADD COLUMN grade text NOT NULL DEFAULT '',
        ADD COLUMN update_cycle text NOT NULL DEFAULT '',
        ADD COLUMN terms tsvector NOT NULL DEFAULT ''
    """,
    # Without the pending list a search never reads what others have just written one by one.
    "CREATE INDEX ix_entries_terms ON entries USING gin (terms) WITH (fastupdate = off)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
