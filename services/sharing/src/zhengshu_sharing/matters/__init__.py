"""Matters between departments: what corrections, disputes, objections and demands have in common."""
