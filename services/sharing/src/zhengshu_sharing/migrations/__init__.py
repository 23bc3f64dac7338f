"""Migrations of the sharing database."""
