"""How far the copy of the municipal catalogue has come, apart from what could be taken of it."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0015"
down_revision = "0014"

STATEMENTS = (
    """
    CREATE TABLE municipal_copy (
        one int CONSTRAINT pk_municipal_copy PRIMARY KEY,
        sequence bigint NOT NULL
    )
    """,
    "INSERT INTO municipal_copy SELECT 1, coalesce(max(sequence), 0) FROM entries",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "municipal_copy", "SELECT, UPDATE")
