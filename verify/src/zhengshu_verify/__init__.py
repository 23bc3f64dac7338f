"""Merkle tree, signed notes, receipts and the offline check of a ledger; works from files alone."""
