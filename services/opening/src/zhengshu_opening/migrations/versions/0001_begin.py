"""Read model of datasets, proposals, listings with snapshots, applicants."""

from alembic import op
from zhengshu_chassis.migrate import chassis_tables, grants

revision = "0001"
down_revision = None


def upgrade() -> None:
    chassis_tables(op)
    for statement in TABLES:
        op.execute(statement)
    grants(
        op,
        "datasets, proposals, listings, snapshots, builds, authorizations, applicants, applications",
    )


TABLES = (
    """
    CREATE TABLE datasets (
        id text CONSTRAINT pk_datasets PRIMARY KEY,
        title text NOT NULL,
        abstract text NOT NULL,
        provider text NOT NULL,
        provider_name text NOT NULL,
        update_cycle text NOT NULL,
        revision int NOT NULL,
        items jsonb NOT NULL,
        retired boolean NOT NULL,
        registration text NOT NULL,
        epoch bigint,
        version bigint
    )
    """,
    """
    CREATE TABLE proposals (
        id text CONSTRAINT pk_proposals PRIMARY KEY,
        dataset text NOT NULL,
        title text NOT NULL,
        provider text NOT NULL,
        opening text NOT NULL,
        items text[] NOT NULL,
        licence text NOT NULL,
        note text NOT NULL,
        state text NOT NULL,
        proposed_by text NOT NULL,
        proposed_at timestamptz NOT NULL,
        opinion text,
        reviewed_by text
    )
    """,
    "CREATE INDEX ix_proposals_provider ON proposals (provider, id)",
    """
    CREATE UNIQUE INDEX uq_proposals_pending ON proposals (dataset)
        WHERE state IN ('submitted', 'approved')
    """,
    """
    CREATE TABLE listings (
        dataset text CONSTRAINT pk_listings PRIMARY KEY,
        proposal text NOT NULL CONSTRAINT uq_listings_proposal UNIQUE,
        opening text NOT NULL,
        items jsonb NOT NULL,
        licence text NOT NULL,
        state text NOT NULL,
        reason text,
        snapshot bigint,
        epoch bigint,
        version bigint,
        listed_at timestamptz,
        updated_at timestamptz
    )
    """,
    "CREATE INDEX ix_listings_listed ON listings (listed_at, dataset) WHERE state = 'listed'",
    """
    CREATE TABLE snapshots (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_snapshots PRIMARY KEY,
        dataset text NOT NULL,
        epoch bigint NOT NULL,
        version bigint NOT NULL,
        rows bigint NOT NULL,
        files jsonb NOT NULL,
        published_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_snapshots_dataset ON snapshots (dataset, id)",
    """
    CREATE TABLE builds (
        dataset text CONSTRAINT pk_builds PRIMARY KEY,
        attempts int NOT NULL,
        due_at timestamptz NOT NULL,
        asked_at timestamptz NOT NULL,
        error text
    )
    """,
    """
    CREATE TABLE applicants (
        id text CONSTRAINT pk_applicants PRIMARY KEY,
        code text NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        contact text NOT NULL,
        secret_digest bytea NOT NULL,
        registered_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE applications (
        id text CONSTRAINT pk_applications PRIMARY KEY,
        applicant text NOT NULL CONSTRAINT fk_applications_applicant REFERENCES applicants,
        dataset text NOT NULL,
        title text NOT NULL,
        purpose text NOT NULL,
        scenario text NOT NULL,
        safeguards text NOT NULL,
        until date NOT NULL,
        state text NOT NULL,
        submitted_at timestamptz NOT NULL,
        reason text,
        "authorization" text
    )
    """,
    "CREATE INDEX ix_applications_applicant ON applications (applicant, id)",
    """
    CREATE UNIQUE INDEX uq_applications_pending ON applications (applicant, dataset)
        WHERE state IN ('endorsed', 'forwarded')
    """,
    """
    CREATE TABLE authorizations (
        id text CONSTRAINT pk_authorizations PRIMARY KEY,
        application text NOT NULL
            CONSTRAINT uq_authorizations_application UNIQUE
            CONSTRAINT fk_authorizations_application REFERENCES applications,
        dataset text NOT NULL CONSTRAINT fk_authorizations_dataset REFERENCES listings,
        applicant text NOT NULL,
        starts_at timestamptz NOT NULL DEFAULT now(),
        ends_at timestamptz NOT NULL,
        over text
    )
    """,
    "CREATE INDEX ix_authorizations_live ON authorizations (dataset) WHERE over IS NULL",
    "CREATE INDEX ix_authorizations_ends ON authorizations (ends_at) WHERE over IS NULL",
)
