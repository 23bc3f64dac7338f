"""Applicants from outside government and their applications for authorised-open data."""
