"""The catalogue's read model; applications, opinions, grants, objections."""

from alembic import op
from zhengshu_chassis.migrate import chassis_tables, grants

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE organizations (
        code text CONSTRAINT pk_organizations PRIMARY KEY,
        name text NOT NULL,
        kind text NOT NULL,
        as_of timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE datasets (
        id text CONSTRAINT pk_datasets PRIMARY KEY,
        revision int NOT NULL DEFAULT 0,
        title text NOT NULL DEFAULT '',
        provider text NOT NULL DEFAULT '',
        provider_name text NOT NULL DEFAULT '',
        origin text NOT NULL DEFAULT 'county',
        items jsonb NOT NULL DEFAULT '[]',
        municipal_code text,
        published_at timestamptz,
        retired_at timestamptz
    )
    """,
    """
    CREATE TABLE numbers (
        series text CONSTRAINT pk_numbers PRIMARY KEY,
        last int NOT NULL
    )
    """,
    """
    CREATE TABLE applications (
        id text CONSTRAINT pk_applications PRIMARY KEY,
        number text NOT NULL CONSTRAINT uq_applications_number UNIQUE,
        organization text NOT NULL,
        submitted_by text NOT NULL,
        submitted_at timestamptz NOT NULL,
        basis text NOT NULL,
        scenario text NOT NULL,
        scope text NOT NULL,
        purpose text NOT NULL,
        until date NOT NULL,
        consent jsonb NOT NULL,
        returned_at timestamptz,
        supplemented_at timestamptz
    )
    """,
    "CREATE INDEX ix_applications_organization_id ON applications (organization, id)",
    """
    CREATE TABLE parts (
        id text CONSTRAINT pk_parts PRIMARY KEY,
        application text NOT NULL CONSTRAINT fk_parts_application REFERENCES applications (id),
        position int NOT NULL,
        dataset text NOT NULL,
        title text NOT NULL,
        provider text NOT NULL,
        origin text NOT NULL,
        sharing text NOT NULL,
        items text[] NOT NULL,
        modes text[] NOT NULL,
        filter text NOT NULL,
        state text NOT NULL,
        reason text,
        grant_id text,
        asked_at timestamptz,
        asked_due date
    )
    """,
    "CREATE INDEX ix_parts_application ON parts (application)",
    """
    CREATE TABLE steps (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_steps PRIMARY KEY,
        application text NOT NULL CONSTRAINT fk_steps_application REFERENCES applications (id),
        at timestamptz NOT NULL,
        actor text NOT NULL,
        officer text,
        what text NOT NULL,
        opinion text NOT NULL,
        part text
    )
    """,
    "CREATE INDEX ix_steps_application_id ON steps (application, id)",
    """
    CREATE TABLE opinions (
        id text CONSTRAINT pk_opinions PRIMARY KEY,
        part text NOT NULL CONSTRAINT uq_opinions_part UNIQUE
            CONSTRAINT fk_opinions_part REFERENCES parts (id),
        application text NOT NULL CONSTRAINT fk_opinions_application REFERENCES applications (id),
        provider text NOT NULL,
        state text NOT NULL,
        reason text NOT NULL,
        consent jsonb,
        requested_at timestamptz NOT NULL,
        answered_at timestamptz,
        answered_by text
    )
    """,
    "CREATE INDEX ix_opinions_provider_id ON opinions (provider, id)",
    """
    CREATE TABLE grants (
        id text CONSTRAINT pk_grants PRIMARY KEY,
        part text NOT NULL CONSTRAINT uq_grants_part UNIQUE
            CONSTRAINT fk_grants_part REFERENCES parts (id),
        application text NOT NULL CONSTRAINT fk_grants_application REFERENCES applications (id),
        dataset text NOT NULL,
        title text NOT NULL,
        holder text NOT NULL,
        provider text NOT NULL,
        items text[] NOT NULL,
        modes text[] NOT NULL,
        filter text NOT NULL,
        purpose text NOT NULL,
        starts timestamptz NOT NULL,
        ends timestamptz NOT NULL,
        state text NOT NULL,
        reason text,
        suspended_by text
    )
    """,
    "CREATE INDEX ix_grants_holder_id ON grants (holder, id)",
    "CREATE INDEX ix_grants_provider_id ON grants (provider, id)",
    "CREATE INDEX ix_grants_live ON grants (dataset) WHERE state IN ('active', 'suspended')",
    "CREATE INDEX ix_grants_ending ON grants (ends) WHERE state IN ('active', 'suspended')",
    """
    CREATE TABLE objections (
        id text CONSTRAINT pk_objections PRIMARY KEY,
        dataset text NOT NULL,
        provider text NOT NULL,
        items text[] NOT NULL,
        reason text NOT NULL,
        organization text NOT NULL,
        filed_by text NOT NULL,
        filed_at timestamptz NOT NULL,
        state text NOT NULL
    )
    """,
    "CREATE INDEX ix_objections_organization_id ON objections (organization, id)",
    "CREATE INDEX ix_objections_provider_id ON objections (provider, id)",
)


def upgrade() -> None:
    chassis_tables(op)
    for statement in TABLES:
        op.execute(statement)
    grants(
        op, "organizations, datasets, numbers, applications, parts, opinions, grants, objections"
    )
    # A timeline is only ever added to.
    grants(op, "steps", "SELECT, INSERT")
