"""Opening proposals: from a provider's wish to the municipal open platform's registration."""
