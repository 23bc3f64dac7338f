"""Proofs checked without the node: receipts and ledgers, from files alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zhengshu_contracts.audit import LEDGER_ORIGIN, WITNESS_NAME
from zhengshu_contracts.catalog import Receipt
from zhengshu_verify import receipt as receipts
from zhengshu_verify.ledger import Verdict, verify_ledger
from zhengshu_verify.note import Algorithm, VerifierKey

CHECKPOINT = "checkpoint.txt"
LEAVES = "leaves.ndjson"


def verify_receipt(text: str, jwks: Mapping[str, Any]) -> Receipt:
    """Return what a push's receipt says, or raise InvalidReceipt."""
    return Receipt.model_validate(receipts.verify(text.strip(), jwks))


def verify_folder(folder: Path, *, log: str, witness: str | None = None) -> Verdict:
    """Check a saved ledger: `checkpoint.txt` and `leaves.ndjson`; keys are JWKs as text."""
    log_key = VerifierKey.of(LEDGER_ORIGIN, Algorithm.ED25519, json.loads(log))
    witness_key = (
        VerifierKey.of(WITNESS_NAME, Algorithm.COSIGNATURE, json.loads(witness))
        if witness
        else None
    )
    with (folder / LEAVES).open(encoding="utf-8") as leaves:
        notes = [(folder / CHECKPOINT).read_text(encoding="utf-8")]
        return verify_ledger(notes, leaves, log=log_key, witness=witness_key)
