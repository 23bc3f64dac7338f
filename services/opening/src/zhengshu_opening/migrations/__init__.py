"""The opening database, step by step."""
