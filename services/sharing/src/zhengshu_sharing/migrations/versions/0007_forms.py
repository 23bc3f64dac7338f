"""Issued forms."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE forms (
            code text CONSTRAINT pk_forms PRIMARY KEY,
            application text NOT NULL
                CONSTRAINT fk_forms_application REFERENCES applications (id),
            kind text NOT NULL,
            issued_by text NOT NULL,
            issued_at timestamptz NOT NULL,
            html text NOT NULL
        )
        """
    )
    # What was issued stays as it was.
    grants(op, "forms", "SELECT, INSERT")
