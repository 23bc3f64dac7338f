"""Countersigns the county's ledger: only a checkpoint that continues the last one it has seen."""

import base64
import time
from dataclasses import dataclass

from zhengshu_contracts.commission import CheckpointFiling
from zhengshu_verify.ledger import Inconsistent, verify_successor
from zhengshu_verify.note import InvalidNote, SigningKey, VerifierKey

from zhengshu_commission.errors import CheckpointBroken, CheckpointRefused


@dataclass(frozen=True, slots=True)
class Witness:
    """The Commission's own key and the county ledger's public one."""

    key: SigningKey
    ledger: VerifierKey

    def countersign(self, filing: CheckpointFiling, last: str | None) -> tuple[int, str]:
        """Return the size and the signature line, or raise CheckpointRefused, CheckpointBroken.

        `last` is the note countersigned before; without one, any first checkpoint will do.
        """
        proof = [base64.b64decode(each) for each in filing.proof]
        try:
            checkpoint = verify_successor(last, filing.note, proof, log=self.ledger)
        except InvalidNote as error:
            raise CheckpointRefused("检查点没有本县账本的有效签名") from error
        except Inconsistent as error:
            raise CheckpointBroken("检查点不是上次见证的账本的延续") from error
        return checkpoint.size, self.key.cosign(checkpoint.text(), at=int(time.time())).line()
