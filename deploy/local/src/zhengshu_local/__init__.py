"""Runs the whole node on one machine: PostgreSQL, NATS and every deployable as real processes."""
