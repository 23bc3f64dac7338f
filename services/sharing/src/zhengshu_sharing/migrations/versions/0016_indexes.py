"""What lists and rounds look for is found without walking a table that grows."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_dispatches_parked ON dispatches (id) WHERE state = 'parked'")
    op.execute("CREATE INDEX ix_clocks_matter ON clocks (matter, id)")
    op.execute("CREATE INDEX ix_matters_kind_state_id ON matters (kind, state, id)")
    op.execute("CREATE INDEX ix_grants_dataset_id ON grants (dataset, id)")
    op.execute("CREATE INDEX ix_grants_state_id ON grants (state, id)")
    op.execute('CREATE INDEX ix_usage_records_grant_id ON usage_records ("grant", id)')
