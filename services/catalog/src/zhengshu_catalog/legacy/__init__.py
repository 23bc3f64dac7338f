"""Exchange systems of old: their interfaces mapped to entries, run beside them, and cut over."""
