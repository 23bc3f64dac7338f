"""Extended metadata: what it may hold is data, changed without a release."""
