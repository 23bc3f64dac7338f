"""Who takes part: organisations, their business systems, their officers, and all their credentials."""
