"""Refusals."""

from zhengshu_chassis.errors import Conflict, NotFound


class NoteNotFound(NotFound):
    """No such note."""

    slug = "note-not-found"
    title = "没有此便笺"


class NoteExists(Conflict):
    """The text is taken."""

    slug = "note-exists"
    title = "便笺已存在"
