"""Catalog: organisations and their systems, the catalogue of entries, and the rows pushed to it."""
