"""The composition root."""

from fastapi import FastAPI
from support.tiny.api import router, streams
from support.tiny.consumers import consumers
from support.tiny.counterpart import desk
from support.tiny.errors import NoteExists
from support.tiny.settings import TinySettings
from zhengshu_chassis.app import create_app


def build(settings: TinySettings) -> FastAPI:
    return create_app(
        settings,
        name="audit",
        title="便笺服务",
        routers=[router, streams],
        consumers=consumers,
        desk=desk,
        constraints={"uq_notes_text": NoteExists},
    )
