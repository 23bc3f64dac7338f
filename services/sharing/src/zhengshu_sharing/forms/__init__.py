"""Printable forms: what was issued stays readable by the code on the paper."""
