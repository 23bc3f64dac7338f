"""What waits for the caller: worked out of everything else here; has no table of its own."""
