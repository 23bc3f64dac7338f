"""The gateway: authenticates, decides, records, forwards; the only way out to the Commission."""
