"""Disputes between departments, in three steps."""
