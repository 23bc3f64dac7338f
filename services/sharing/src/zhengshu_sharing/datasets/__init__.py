"""What sharing knows of the catalogue: a read model, fed by catalog's events."""
