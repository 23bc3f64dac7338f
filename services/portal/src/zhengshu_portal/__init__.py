"""Web pages for people, on the public API and the SDK alone."""
