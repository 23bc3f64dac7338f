"""What audit is told from outside."""

from pydantic import SecretStr
from zhengshu_chassis.settings import ServiceSettings, prefixed
from zhengshu_contracts.audit import LEDGER_ORIGIN, WITNESS_NAME
from zhengshu_verify.note import Algorithm, SigningKey, VerifierKey


class AuditSettings(ServiceSettings):
    """Settings of audit, from ZHENGSHU_AUDIT_…"""

    model_config = prefixed("ZHENGSHU_AUDIT_")

    checkpoint_key: SecretStr
    """Private JWK (Ed25519) that signs checkpoints."""
    ledger_origin: str = LEDGER_ORIGIN
    """The ledger's name; never give it to a ledger with another history."""
    witness_key: str
    """Public JWK (Ed25519) of the Commission's witness."""
    witness_name: str = WITNESS_NAME
    checkpoint_interval: float = 1.0
    """Seconds between two looks for leaves without a checkpoint."""
    access_timeout: float = 600.0
    """Seconds after which an access without an ending is closed as unknown."""

    def signer(self) -> SigningKey:
        """The key that signs checkpoints."""
        jwk = self.checkpoint_key.get_secret_value()
        return SigningKey.of(self.ledger_origin, Algorithm.ED25519, jwk)

    def witness(self) -> VerifierKey:
        """The key that countersigns them."""
        return VerifierKey.of(self.witness_name, Algorithm.COSIGNATURE, self.witness_key)
