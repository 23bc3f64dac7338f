"""The catalogue: entries with their revisions, from draft to registered with the municipal platform."""
