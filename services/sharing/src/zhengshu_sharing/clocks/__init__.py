"""Clocks: who has to do what by which working day."""
