"""Listings: what is open, its snapshots and files, the public catalogue, who is authorised."""
