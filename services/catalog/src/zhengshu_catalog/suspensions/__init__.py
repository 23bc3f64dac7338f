"""Orders that stop the serving of a dataset, and their lifting."""
