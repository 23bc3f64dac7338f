"""Applications: from a department's request to the Commission's decision."""
