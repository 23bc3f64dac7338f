"""Theme databases: entries whose items and rows are other entries', joined by declared keys."""
