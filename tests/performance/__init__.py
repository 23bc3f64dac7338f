"""Measurements, run by `make bench` and by no test run."""
