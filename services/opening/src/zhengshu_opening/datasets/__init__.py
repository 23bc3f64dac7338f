"""What opening knows of catalog's datasets: a read model fed by catalog's events."""
