"""When the read model of datasets last heard of each thing, so that an older event never wins."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE datasets
            ADD COLUMN published_at timestamptz,
            ADD COLUMN retired_at timestamptz,
            ADD COLUMN registered_at timestamptz
        """
    )
