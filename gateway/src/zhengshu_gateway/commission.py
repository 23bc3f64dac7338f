"""The only way out: carries dispatches to the Commission and brings back what it answered.

Stateless. A wake-up says that something waits; its owner holds the truth, is told of every attempt, and
offers the thing again until it is done. A lost wake-up, a crash or a repeated sending changes nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from http import HTTPStatus
from itertools import takewhile
from typing import Any

import orjson
from nats.aio.msg import Msg
from pydantic import ValidationError
from pyreqwest.exceptions import RequestError
from zhengshu_chassis import auth, failpoints
from zhengshu_chassis.errors import Unavailable
from zhengshu_chassis.telemetry import continue_trace, log, traceparent
from zhengshu_contracts.access import AccessOutcome
from zhengshu_contracts.commission import (
    Acceptance,
    AnswersTaken,
    DispatchKind,
    UploadFiling,
)
from zhengshu_contracts.dispatch import Attempt, AttemptOutcome, DispatchOut, DispatchState, WakeUp
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Mode, PrincipalKind

from zhengshu_gateway.accesses import Access, Accesses
from zhengshu_gateway.authenticate import Caller
from zhengshu_gateway.callbacks import Callbacks, legible
from zhengshu_gateway.decisions import Question
from zhengshu_gateway.errors import PolicyRefused, UpstreamAway
from zhengshu_gateway.forward import Ending
from zhengshu_gateway.upstreams import Reply, Upstreams, read_whole

WORKER = Caller(Principal(id="commission-worker", kind=PrincipalKind.COMMISSION_WORKER))
PASSING = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Refusals that say something of the moment or of our keys, not of the thing: it is sent again."""
TAKEN = "/internal/municipal/answers"
COPY = "/internal/municipal/copy"
ENTRIES = "/internal/municipal/entries"
WAITING = 200
"""Wake-ups in hand; further ones are let go, since they are repeated."""


class CommissionWorker:
    """Sends, polls, and hands answers to their owners."""

    def __init__(
        self, upstreams: Upstreams, accesses: Accesses, callbacks: Callbacks, *, parallel: int
    ) -> None:
        self._upstreams = upstreams
        self._accesses = accesses
        self._callbacks = callbacks
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(parallel))
        self._in_hand: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def wake(self, message: Msg) -> None:
        """Take a wake-up; the work goes on by itself."""
        service = message.subject.rsplit(".", 1)[-1]
        try:
            waiting = WakeUp.model_validate_json(message.data)
        except ValidationError:
            log.error("commission.wake-up-unreadable", owner=service)
            return
        key = (service, waiting.id)
        if key not in self._in_hand and len(self._in_hand) < WAITING:
            task = asyncio.create_task(self._handle(service, waiting.id))
            self._in_hand[key] = task
            task.add_done_callback(lambda _: self._in_hand.pop(key, None))

    async def _handle(self, service: str, dispatch_id: str) -> None:
        """See to one dispatch; whatever goes wrong concerns it alone, and it is offered again."""
        continue_trace(None)
        async with self._turns[service]:
            try:
                await self.attend(service, dispatch_id)
            except Unavailable as error:
                log.warning("commission.away", owner=service, dispatch=dispatch_id, why=error.slug)
            except Exception as error:  # noqa: BLE001 - one dispatch must not stop the others
                log.error("commission.failed", owner=service, dispatch=dispatch_id, exc_info=error)

    async def attend(self, service: str, dispatch_id: str) -> None:
        """Send what is due, poll what was accepted."""
        reply = await self._upstreams.ask(service, "GET", f"/internal/dispatches/{dispatch_id}")
        if not reply.ok:
            log.warning("commission.no-dispatch", owner=service, dispatch=dispatch_id)
            return
        dispatch = DispatchOut.model_validate_json(reply.body)
        if dispatch.state is DispatchState.DUE:
            await self._send(service, dispatch)
        elif dispatch.state is DispatchState.ACCEPTED:
            await self._poll(service, dispatch)

    async def _send(self, service: str, dispatch: DispatchOut) -> None:
        failpoints.hit("forward.sending")
        try:
            attempt = await self._file(dispatch)
        except UpstreamAway:
            attempt = Attempt(outcome=AttemptOutcome.FAILED, reason="市级平台没有应答")
        log.info(
            "commission.sent", dispatch=dispatch.id, kind=dispatch.kind, outcome=attempt.outcome
        )
        path = f"/internal/dispatches/{dispatch.id}/attempts"
        await self._upstreams.ask(service, "POST", path, attempt.model_dump(mode="json"))

    async def _file(self, dispatch: DispatchOut) -> Attempt:
        if dispatch.kind == DispatchKind.UPLOAD:
            return await Upload(self._upstreams, self._accesses).run(dispatch)
        path = f"/{dispatch.kind}/{dispatch.id}"
        return judged(await self._upstreams.file(dispatch.kind, "PUT", path, dispatch.payload))

    async def _poll(self, service: str, dispatch: DispatchOut) -> None:
        """Ask for answers whose call-back may have been lost; send again what the Commission lost."""
        path = f"/{dispatch.kind}/{dispatch.id}"
        reply = await self._upstreams.file(dispatch.kind, "GET", path)
        if reply.status == HTTPStatus.NOT_FOUND and _problem(reply):
            log.warning("commission.lost-it", owner=service, dispatch=dispatch.id)
            return await self._send(service, dispatch)
        for each in _listed(reply, "callbacks"):
            if callback := legible(each):
                await self._callbacks.hand_on(callback)
        return None

    async def copy_catalogue(self) -> None:
        """Hand what changed in the municipal catalogue to catalog, page after page."""
        held = await self._upstreams.ask("catalog", "GET", COPY)
        while held.ok:
            known = int(held.json()["sequence"])
            reply = await self._upstreams.file("catalogue", "GET", f"/catalogue?after={known}")
            # Passed on as they came: catalog judges each by itself, so that an odd one holds no other up.
            if not (entries := _listed(reply, "entries")):
                return
            held = await self._upstreams.ask("catalog", "PUT", ENTRIES, entries)
            if held.ok and int(held.json()["sequence"]) <= known:
                return

    async def fetch_answers(self) -> None:
        """Hand on what the Commission said unasked, whose call-back may have been lost.

        One that cannot be read, or that its owner cannot apply now, holds up none after it, and is fetched
        again.
        """
        held = await self._upstreams.ask("catalog", "GET", TAKEN)
        if not held.ok:
            return
        known = AnswersTaken.model_validate_json(held.body).sequence
        reply = await self._upstreams.file("answers", "GET", f"/answers?after={known}")
        found = _listed(reply, "answers")
        done = [await self._handed(each) for each in found]
        if taken := [each["sequence"] for each in takewhile(lambda _: done.pop(0), found)]:
            body = AnswersTaken(sequence=taken[-1]).model_dump(mode="json")
            await self._upstreams.ask("catalog", "PUT", TAKEN, body)

    async def _handed(self, answer: dict[str, Any]) -> bool:
        callback = legible(answer.get("callback"))
        if callback is None or not isinstance(answer.get("sequence"), int):
            return False
        status = (await self._callbacks.hand_on(callback)).status
        if status >= HTTPStatus.BAD_REQUEST:
            log.error("answers.not-applied", sequence=answer.get("sequence"), status=status)
        return status < HTTPStatus.INTERNAL_SERVER_ERROR


class Upload:
    """One upload: decided and recorded like every access, streamed from catalog to the Commission."""

    def __init__(self, upstreams: Upstreams, accesses: Accesses) -> None:
        self._upstreams = upstreams
        self._accesses = accesses
        self._sent = 0

    async def run(self, dispatch: DispatchOut) -> Attempt:
        """Upload and say how it went."""
        filing = UploadFiling.model_validate(dispatch.payload)
        question = Question(WORKER, Action.DATASET_UPLOAD, Mode.SUBSCRIBE, filing.dataset)
        try:
            access = await self._accesses.open(question)
        except PolicyRefused as refusal:
            return Attempt(outcome=AttemptOutcome.FAILED, reason=f"{refusal.slug}:{refusal.detail}")
        ending = Ending(AccessOutcome.FAILED, 503, 0)
        try:
            attempt, ending = await self._stream(dispatch, filing, access)
        except RequestError as error:
            raise UpstreamAway from error
        finally:
            self._accesses.close(access, ending)
        return attempt

    async def _stream(
        self, dispatch: DispatchOut, filing: UploadFiling, access: Access
    ) -> tuple[Attempt, Ending]:
        since, until = f"{filing.epoch}.{filing.since}", f"{filing.epoch}.{filing.to}"
        path = f"/v1/datasets/{filing.dataset}/changes?since={since}&until={until}"
        told = {
            auth.HEADER: self._upstreams.vouch("catalog", access.identity()),
            "Accept": "application/x-ndjson",
            "traceparent": traceparent(),
        }
        source = self._upstreams.client.get(self._upstreams.url("catalog", path)).headers(told)
        async with source.streamed_read_buffer_limit(0).build_streamed() as changes:
            if changes.status != HTTPStatus.OK:
                reason = f"读取变更未成功(HTTP {changes.status})"
                failed = Attempt(outcome=AttemptOutcome.FAILED, reason=reason)
                return failed, Ending(AccessOutcome.FAILED, changes.status, 0)
            reply = await self._put(dispatch, filing, self._parts(changes.body_reader, access))
        outcome = AccessOutcome.COMPLETE if reply.ok else AccessOutcome.FAILED
        version = changes.get_header("zhengshu-version")
        return judged(reply), Ending(outcome, reply.status, self._sent, version=version)

    async def _put(
        self, dispatch: DispatchOut, filing: UploadFiling, body: AsyncIterator[bytes]
    ) -> Reply:
        headers = self._upstreams.signed(DispatchKind.UPLOAD) | {
            "Content-Type": "application/x-ndjson",
            "Zhengshu-Dataset": filing.dataset,
            "Zhengshu-Epoch": str(filing.epoch),
            "Zhengshu-Since": str(filing.since),
            "Zhengshu-To": str(filing.to),
        }
        url = self._upstreams.commission(f"/{DispatchKind.UPLOAD}/{dispatch.id}")
        request = self._upstreams.patient.put(url).headers(headers).body_stream(body)
        async with request.build_streamed() as response:
            return await read_whole(response)

    async def _parts(self, reader: Any, access: Access) -> AsyncIterator[bytes]:
        going = self._accesses.watch(access)
        while (chunk := await reader.read_chunk()) is not None:
            if not going():
                raise UpstreamAway("上报途中不再获准")
            self._sent += len(chunk)
            yield bytes(chunk)


def judged(reply: Reply) -> Attempt:
    """Say what the Commission's answer to a filing means."""
    if reply.ok:
        failpoints.hit("forward.sent")
        return _accepted(reply)
    refused = HTTPStatus.BAD_REQUEST <= reply.status < 500 and reply.status not in PASSING
    if refused and (reason := _problem(reply)):
        return Attempt(outcome=AttemptOutcome.REJECTED, reason=reason)
    return Attempt(outcome=AttemptOutcome.FAILED, reason=f"市级平台答复 HTTP {reply.status}")


def _accepted(reply: Reply) -> Attempt:
    """Take the number of an acceptance; a page of something in between accepts nothing."""
    try:
        number = Acceptance.model_validate_json(reply.body).number
    except ValidationError:
        reason = f"市级平台的答复不合约定(HTTP {reply.status})"
        return Attempt(outcome=AttemptOutcome.FAILED, reason=reason)
    return Attempt(outcome=AttemptOutcome.ACCEPTED, acceptance=number)


def _problem(reply: Reply) -> str | None:
    """Return what a problem document says, bounded; None when the Commission's service did not speak."""
    problem = _object(reply)
    if not isinstance(problem.get("title"), str):
        return None
    return f"{problem['title']}:{problem.get('detail', '')}"[:2000]


def _listed(reply: Reply, member: str) -> list[dict[str, Any]]:
    """Return the objects an answer lists, or raise UpstreamAway when it is none of the contract's."""
    found = _object(reply).get(member) if reply.ok else None
    if not isinstance(found, list):
        raise UpstreamAway(f"市级平台的答复不合约定(HTTP {reply.status})")
    return [each for each in found if isinstance(each, dict)]


def _object(reply: Reply) -> dict[str, Any]:
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
