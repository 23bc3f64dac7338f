"""Aggregation: from a department's push to rows with versions, and reading them again."""
