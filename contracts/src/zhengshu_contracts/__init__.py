"""The wire: models, events and words every deployable agrees on. Knows pydantic and nothing else."""
