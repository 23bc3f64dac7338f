"""Grants: what a department may read, and until when."""
