"""Untaken pushes of a dataset and parked dispatches are found without walking all there ever were."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_dispatches_parked ON dispatches (id) WHERE state = 'parked'")
    op.execute("CREATE INDEX ix_pushes_untaken ON pushes (dataset, id) WHERE state <> 'done'")
