"""Stand-in for the municipal platform: slow, late, double or down on demand. Knows no county code."""
