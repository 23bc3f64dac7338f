"""How far the municipal platform's unprompted answers were fetched."""
