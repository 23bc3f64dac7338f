"""When a client's access tokens end before their time; how long the signing key before is good."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE clients ADD COLUMN not_before timestamptz")
    op.execute("ALTER TABLE header_signers ADD COLUMN previous_until timestamptz")
