"""Revisions of catalog's database, shipped in the wheel."""
