"""Public keys and header signatures of clients, proofs that count once; officers' sign-in and sessions."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    """
    CREATE TABLE client_keys (
        client text NOT NULL CONSTRAINT fk_client_keys_client REFERENCES clients (id),
        kid text NOT NULL,
        jwk jsonb NOT NULL,
        registered_at timestamptz NOT NULL,
        CONSTRAINT pk_client_keys PRIMARY KEY (client, kid)
    )
    """,
    """
    CREATE TABLE header_signers (
        client text CONSTRAINT pk_header_signers PRIMARY KEY
            CONSTRAINT fk_header_signers_client REFERENCES clients (id),
        generation int NOT NULL
    )
    """,
    """
    CREATE TABLE spent_proofs (
        id text CONSTRAINT pk_spent_proofs PRIMARY KEY,
        ends timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_spent_proofs_ends ON spent_proofs (ends)",
    """
    CREATE TABLE accounts (
        client text CONSTRAINT pk_accounts PRIMARY KEY
            CONSTRAINT fk_accounts_client REFERENCES clients (id),
        name text NOT NULL CONSTRAINT uq_accounts_name UNIQUE,
        password text NOT NULL,
        failures int NOT NULL,
        barred_until timestamptz
    )
    """,
    """
    CREATE TABLE codes (
        digest bytea CONSTRAINT pk_codes PRIMARY KEY,
        client text NOT NULL CONSTRAINT fk_codes_client REFERENCES clients (id),
        challenge text NOT NULL,
        ends timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE sessions (
        digest bytea CONSTRAINT pk_sessions PRIMARY KEY,
        client text NOT NULL CONSTRAINT fk_sessions_client REFERENCES clients (id),
        begun timestamptz NOT NULL,
        seen timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_sessions_client ON sessions (client)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "client_keys, header_signers, spent_proofs, accounts, codes, sessions")
