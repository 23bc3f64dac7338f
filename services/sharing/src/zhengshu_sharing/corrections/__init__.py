"""Corrections (校核): data that a user finds wrong or incomplete."""
