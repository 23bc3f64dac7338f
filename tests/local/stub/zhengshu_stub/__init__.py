"""A deployable that does nothing but be ready: stands in for real ones in tests of the supervisor."""
