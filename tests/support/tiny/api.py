"""HTTP in, HTTP out."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from support.tiny.errors import NoteExists, NoteNotFound
from support.tiny.tables import NoteRow
from zhengshu_chassis import idempotency
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.outbox import Outbox
from zhengshu_chassis.problems import problems
from zhengshu_chassis.transaction import Router, Session, own_session
from zhengshu_contracts.base import ApiModel, Event
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.roles import Action


class NoteWritten(Event):
    """A note was written."""

    subject: ClassVar[str] = "zhengshu.audit.note.written.v1"

    note: int
    text: str


class NoteIn(ApiModel):
    text: str = Field(min_length=1, max_length=20, description="内容")
    then: str = Field(default="", description="测试用:写入之后发生什么")


class NoteOut(ApiModel):
    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What one operation may touch."""

    session: AsyncSession
    outbox: Outbox


def unit_of(session: AsyncSession) -> Unit:
    return Unit(session, Outbox(session, source="audit"))


async def unit(session: Session) -> Unit:
    return unit_of(session)


InUnit = Annotated[Unit, Depends(unit)]
Writer = Annotated[Identity, allowed(Action.ENTRY_COMPILE)]
Reader = Annotated[Identity, allowed(Action.ENTRY_READ)]
router = Router(prefix="/v1/notes", tags=["便笺"])


@router.post("", status_code=201, response_model=NoteOut, responses=problems(NoteExists))
async def write_note(body: NoteIn, writer: Writer, unit: InUnit, response: Response) -> NoteOut:
    """写便笺"""
    row = NoteRow(text=body.text, owner=writer.principal.id)
    unit.session.add(row)
    await unit.session.flush()
    unit.outbox.add(NoteWritten(note=row.id, text=row.text), aggregate=str(row.id))
    if body.then == "crash":
        raise RuntimeError("secret detail")
    if body.then == "answer-wrongly":
        return {"id": "x"}
    if body.then == "show-once":
        response.headers["Cache-Control"] = "no-store"
    return NoteOut(id=row.id, text=row.text)


@router.get("/{note_id}", response_model=NoteOut, responses=problems(NoteNotFound))
async def read_note(note_id: int, reader: Reader, unit: InUnit) -> NoteOut:
    """读便笺"""
    row = await unit.session.get(NoteRow, note_id)
    if row is None:
        raise NoteNotFound(f"便笺 {note_id}", next="请核对编号")
    return NoteOut(id=row.id, text=row.text)


@router.get("/by/mistake", response_model=NoteOut)
async def write_by_mistake(reader: Reader, unit: InUnit) -> NoteOut:
    """误在读取时写入"""
    row = NoteRow(text="误", owner=reader.principal.id)
    unit.session.add(row)
    await unit.session.flush()
    return NoteOut(id=row.id, text=row.text)


streams = APIRouter(prefix="/v1/notes", tags=["便笺"])


@streams.post("/lines", status_code=201)
async def count_lines(request: Request, writer: Writer) -> Response:
    """逐行写入(流式,幂等)"""
    key = idempotency.Key.of(request)
    async with own_session(request) as session:
        stored = await idempotency.claim(session, key) if key else None
        lines, hashed = 0, hashlib.sha256()
        async for chunk in request.stream():
            hashed.update(chunk)
            lines += chunk.count(b"\n")
        content = idempotency.digest(request.url.query, hashed.digest())
        if stored:
            return stored.replay(content)
        response = JSONResponse({"lines": lines}, status_code=201)
        if key:
            await idempotency.store(session, key, content, response)
    return response
