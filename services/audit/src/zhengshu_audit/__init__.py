"""Audit: the ledger, its checkpoints and proofs."""
