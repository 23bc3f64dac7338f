"""Alembic's entrance; the chassis does the rest."""

from zhengshu_chassis.migrate import online

online()
