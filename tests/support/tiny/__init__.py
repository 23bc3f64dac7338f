"""A whole service in five small modules: what the chassis's tests run, and an example to read."""
