"""Where the gateway's worker asks how far it polled: it keeps nothing itself."""

from zhengshu_chassis.auth import allowed
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.commission import AnswersTaken
from zhengshu_contracts.roles import Action

from zhengshu_catalog.municipal import repository

router = Router(prefix="/internal/municipal", tags=["市级答复"])


@router.get("/answers", response_model=AnswersTaken, dependencies=[allowed(Action.INTERNAL)])
async def read_taken(session: Session) -> AnswersTaken:
    """未经报件的市级答复已取回到哪一号"""
    return AnswersTaken(sequence=await repository.polled(session))


@router.put("/answers", response_model=AnswersTaken, dependencies=[allowed(Action.INTERNAL)])
async def note_taken(body: AnswersTaken, session: Session) -> AnswersTaken:
    """记下已取回到哪一号"""
    return AnswersTaken(sequence=await repository.note_polled(session, body.sequence))
