"""Entrusted vendors: who acts for a department, with which of its systems, until when."""
