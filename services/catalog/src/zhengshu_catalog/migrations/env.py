"""Alembic's entrance; the chassis opens the connection."""

from zhengshu_chassis.migrate import online

online()
