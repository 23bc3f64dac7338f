"""Who of an OIDC issuer outside is which client."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    """
    CREATE TABLE client_subjects (
        issuer text NOT NULL,
        subject text NOT NULL,
        client text NOT NULL CONSTRAINT fk_client_subjects_client REFERENCES clients (id),
        registered_at timestamptz NOT NULL,
        CONSTRAINT pk_client_subjects PRIMARY KEY (issuer, client),
        CONSTRAINT uq_client_subjects_subject UNIQUE (issuer, subject)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "client_subjects")
