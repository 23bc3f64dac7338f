"""Usage records: what users keep of how they use shared data."""
