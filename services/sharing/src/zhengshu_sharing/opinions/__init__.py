"""Opinions: what a provider says when the Commission asks."""
