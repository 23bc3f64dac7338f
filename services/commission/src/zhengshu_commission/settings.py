"""What the stand-in is told from outside."""

from pydantic import SecretStr
from zhengshu_chassis.settings import DatabaseSettings, prefixed


class CommissionSettings(DatabaseSettings):
    """Where the county's node is, and the keys both sides know."""

    model_config = prefixed("ZHENGSHU_COMMISSION_")

    gateway_url: str
    """The node's gateway, where call-backs go."""
    shared_key: SecretStr
    """Key of the national header signature, both ways."""
    requester: str = "350100000000"
    """The Commission's own requester id in the signature."""
    desk_token: SecretStr
    """Opens the desk: the page and the API to decide by hand."""
    witness_key: SecretStr
    """Private Ed25519 JWK that countersigns checkpoints."""
    ledger_key: str
    """Public Ed25519 JWK of the county's ledger."""
