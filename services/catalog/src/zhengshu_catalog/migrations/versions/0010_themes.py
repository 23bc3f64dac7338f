"""Theme databases: entries whose rows are joined from other datasets."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0010"
down_revision = "0009"

STATEMENTS = (
    "ALTER TABLE entries ADD COLUMN joined boolean NOT NULL DEFAULT false",
    "ALTER TABLE datasets ADD COLUMN joined jsonb",
    """
    CREATE TABLE themes (
        entry text CONSTRAINT fk_themes_entry REFERENCES entries (id),
        revision int,
        definition jsonb NOT NULL,
        providers text[] NOT NULL,
        consents jsonb NOT NULL,
        CONSTRAINT pk_themes PRIMARY KEY (entry, revision)
    )
    """,
    """
    CREATE TABLE theme_members (
        dataset text CONSTRAINT fk_theme_members_dataset REFERENCES datasets (id),
        theme text CONSTRAINT fk_theme_members_theme REFERENCES datasets (id),
        CONSTRAINT pk_theme_members PRIMARY KEY (dataset, theme)
    )
    """,
    "CREATE INDEX ix_theme_members_theme ON theme_members (theme)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "themes", "SELECT, INSERT, UPDATE")
    grants(op, "theme_members", "SELECT, INSERT, DELETE")
