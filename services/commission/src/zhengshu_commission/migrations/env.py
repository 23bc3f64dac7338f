"""Alembic's entrance."""

from zhengshu_chassis.migrate import online

online()
