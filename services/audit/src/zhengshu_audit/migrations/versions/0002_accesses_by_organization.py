"""Finds accesses by who provided the rows and by who read them, newest first.

On the leaves' own text: nothing is kept twice that could differ. `json` takes any text that a leaf holds.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for column in ("provider", "organization"):
        op.execute(
            f"CREATE INDEX ix_leaves_access_{column} ON leaves"
            f" ((payload::json #>> '{{event,data,{column}}}'), index)"
            " WHERE subject = 'zhengshu.access.decided.v1'"
        )
