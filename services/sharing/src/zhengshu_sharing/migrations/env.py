"""Runs the revisions on the connection the chassis opened."""

from zhengshu_chassis.migrate import online

online()
