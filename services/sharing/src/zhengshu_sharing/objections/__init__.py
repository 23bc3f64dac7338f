"""Objections against a sharing class (共享属性异议)."""
