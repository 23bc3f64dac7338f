"""How far the municipal platform's unprompted answers were fetched."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE municipal_polled (one int CONSTRAINT pk_municipal_polled PRIMARY KEY,"
        " sequence bigint NOT NULL)"
    )
    grants(op, "municipal_polled", "SELECT, INSERT, UPDATE")
