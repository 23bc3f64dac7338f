"""Organisations and their clients; entries and their revisions; the chassis's tables."""

from alembic import op
from zhengshu_chassis.migrate import chassis_tables, grants

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE organizations (
        code text CONSTRAINT pk_organizations PRIMARY KEY,
        name text NOT NULL,
        kind text NOT NULL,
        office_name text,
        office_head text,
        registered_at timestamptz NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX uq_organizations_competent ON organizations (kind) WHERE kind = 'competent'
    """,
    """
    CREATE TABLE clients (
        id text CONSTRAINT pk_clients PRIMARY KEY,
        kind text NOT NULL CONSTRAINT ck_clients_kind CHECK (kind IN ('system', 'officer')),
        organization text NOT NULL
            CONSTRAINT fk_clients_organization REFERENCES organizations (code),
        roles text[] NOT NULL,
        name text NOT NULL,
        description text NOT NULL,
        digest bytea NOT NULL CONSTRAINT ck_clients_digest CHECK (length(digest) = 32),
        locked boolean NOT NULL,
        opening boolean NOT NULL,
        registered_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_clients_organization ON clients (organization)",
    """
    CREATE TABLE entries (
        id text CONSTRAINT pk_entries PRIMARY KEY,
        code text NOT NULL,
        category text NOT NULL,
        number int NOT NULL,
        provider text NOT NULL,
        provider_name text NOT NULL,
        origin text NOT NULL CONSTRAINT ck_entries_origin CHECK (origin IN ('county', 'municipal')),
        state text NOT NULL,
        revision int NOT NULL,
        revising text,
        title text NOT NULL,
        abstract text NOT NULL,
        published_at timestamptz,
        municipal_code text,
        municipal_code_at timestamptz,
        registration text NOT NULL,
        registration_at timestamptz,
        service_code text,
        suspended boolean NOT NULL,
        sequence bigint,
        CONSTRAINT uq_entries_category_number UNIQUE (category, number)
    )
    """,
    "CREATE INDEX ix_entries_provider ON entries (provider)",
    "CREATE INDEX ix_entries_sequence ON entries (sequence) WHERE sequence IS NOT NULL",
    """
    CREATE TABLE revisions (
        entry text NOT NULL CONSTRAINT fk_revisions_entry REFERENCES entries (id),
        number int NOT NULL,
        state text NOT NULL,
        content jsonb NOT NULL,
        authors text[] NOT NULL,
        compiled_at timestamptz NOT NULL,
        submitted_by text,
        submitted_at timestamptz,
        reviewed_by text,
        opinion text,
        published_at timestamptz,
        CONSTRAINT pk_revisions PRIMARY KEY (entry, number)
    )
    """,
    # What was published is what others decided by: no fault of ours may rewrite it.
    """
    CREATE FUNCTION keep_published() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'a published revision is never changed'; END $$
    """,
    """
    CREATE TRIGGER keep_published BEFORE UPDATE OR DELETE ON revisions
        FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION keep_published()
    """,
)


def upgrade() -> None:
    chassis_tables(op)
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "organizations, clients, entries, revisions", "SELECT, INSERT, UPDATE")
