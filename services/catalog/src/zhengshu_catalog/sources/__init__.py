"""Collect once: which items of other entries may be the same datum, and who keeps it."""
