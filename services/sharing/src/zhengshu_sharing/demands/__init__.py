"""Demands (供需对接): data that a department needs and does not find."""
