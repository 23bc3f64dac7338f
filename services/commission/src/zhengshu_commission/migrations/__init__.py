"""Migrations, shipped in the wheel."""
