"""Opening: proposals, listings with their published snapshots, applicants and their applications."""
