"""Attachments: evidence and stamped scans, kept in the object store."""
