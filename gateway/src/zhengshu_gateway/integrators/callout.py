"""Answers the NATS server's question who a new connection is (`$SYS.REQ.USER.AUTH`).

An integrator shows its system's access token. It is let into an account of its own, where it can pull
from its own consumers and acknowledge, and nothing else. Every doubt is a refusal; while no gateway
answers, the server refuses by itself.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from zhengshu_chassis.bus import Bus
from zhengshu_chassis.errors import DomainError
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.access import AccessDecided, AccessEnded, AccessOutcome
from zhengshu_contracts.roles import Action, admitted
from zhengshu_contracts.vocabulary import Mode

from zhengshu_gateway.authenticate import Authenticator, Caller
from zhengshu_gateway.errors import (
    LeaseLost,
    PolicyStale,
    RoleNotAdmitted,
    TlsRequired,
    TokenMissing,
)
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.integrators.connections import user_of
from zhengshu_gateway.integrators.durables import MOST, STREAM, SYSTEM, durable_name
from zhengshu_gateway.integrators.keeper import Keeper
from zhengshu_gateway.integrators.nkeys import Issuer, claims
from zhengshu_gateway.lease import Lease
from zhengshu_gateway.limits import Limits
from zhengshu_gateway.records import Records, new_record
from zhengshu_gateway.tokens import Tokens

SUBJECT = "$SYS.REQ.USER.AUTH"
ACCOUNT = "INTEGRATORS"
EVERY_DATASET = "*"
"""What the record of a subscription names: the connection, not one dataset, was decided."""
RULE = "subscription"
AT_ONCE = 32
SUBSCRIPTIONS = 64
PAYLOAD = 4096
"""Larger than any pull or acknowledgement."""


@dataclass(frozen=True, slots=True)
class Knock:
    """A connection that asks to be let in."""

    user: str
    server: str
    address: str
    token: str | None
    encrypted: bool


class Callout:
    """The responder; replicas share the work."""

    def __init__(
        self,
        *,
        bus: Bus,
        issuer: Issuer,
        tokens: Tokens,
        authenticator: Authenticator,
        keeper: Keeper,
        feed: Feed,
        lease: Lease,
        records: Records,
        limits: Limits,
        tls: bool = False,
    ) -> None:
        self._bus = bus
        self._tls = tls
        self._issuer = issuer
        self._tokens = tokens
        self._authenticator = authenticator
        self._keeper = keeper
        self._feed = feed
        self._lease = lease
        self._records = records
        self._limits = limits
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Answer for as long as the connection to NATS lives; the supervisor begins again."""
        async with asyncio.TaskGroup() as group:

            async def take(message: Msg) -> None:
                await self._room.acquire()
                task = group.create_task(self._answer(message))
                task.add_done_callback(lambda _: self._room.release())

            await self._bus.listen(SUBJECT, take, queue="gateway")

    async def _answer(self, message: Msg) -> None:
        knock = _read(message.data)
        if knock is None:
            log.error("integrators.unreadable")
            return
        try:
            verdict = {"jwt": await self._admit(knock)}
        except DomainError as refusal:
            log.info("integrators.refused", rule=refusal.slug, address=knock.address)
            verdict = {"error": refusal.slug}
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody comes in
            log.warning("integrators.failed", exc_info=error)
            verdict = {"error": "unavailable"}
        with suppress(NatsError, OSError):
            await message.respond(self._told(knock, verdict).encode())

    async def _admit(self, knock: Knock) -> str:
        """Return the JWT of a user that may come in, or raise why it may not."""
        caller = await self._caller(knock)
        self._limits.take("subscribe", caller.principal.id)
        await self._decide(caller)
        await self._keeper.prepare(caller)
        await self._record(caller, RULE, allowed=True)
        return self._user(knock, await self._caller(knock))

    async def _caller(self, knock: Knock) -> Caller:
        """Return who knocks; who cannot be told is counted, not recorded one by one."""
        try:
            if self._tls and not knock.encrypted:
                raise TlsRequired
            if knock.token is None:
                raise TokenMissing
            await self._authenticator.meet(knock.token)
            return self._authenticator.bearer(knock.token)
        except DomainError as refusal:
            self._records.refused(knock.address, refusal.slug)
            raise

    async def _decide(self, caller: Caller) -> None:
        principal = caller.principal
        may = admitted(Action.DATASET_SUBSCRIBE, principal.kind, principal.roles)
        if not may or SYSTEM.fullmatch(principal.id) is None:
            await self._record(caller, RoleNotAdmitted.slug, allowed=False)
            raise RoleNotAdmitted("只有业务系统可以订阅数据集事件")
        if not self._lease.held:
            raise LeaseLost
        if not self._feed.fresh(self._keeper.hearing(caller).uses):
            raise PolicyStale

    async def _record(self, caller: Caller, rule: str, *, allowed: bool) -> None:
        """Record the decision; no row will follow it, so an access that was let in has ended as well."""
        record, now, principal = new_record(), datetime.now(UTC), caller.principal
        decided = AccessDecided(
            record=record,
            at=now,
            client=principal.id,
            client_kind=principal.kind,
            organization=principal.organization,
            action=Action.DATASET_SUBSCRIBE,
            mode=Mode.SUBSCRIBE,
            dataset=EVERY_DATASET,
            allowed=allowed,
            rule=rule,
        )
        await self._records.decided(decided.__dict__)
        if allowed:
            complete = AccessOutcome.COMPLETE
            ended = AccessEnded(record=record, at=now, outcome=complete, status=200, bytes=0)
            self._records.ended(ended.__dict__)

    def _user(self, knock: Knock, caller: Caller) -> str:
        """Return the user's JWT: it ends when the access token ends."""
        system, token = caller.principal.id, knock.token or ""
        told = {
            "sub": knock.user,
            "aud": ACCOUNT,
            "name": user_of(system, self._tokens.issued(token)),
            "exp": int(self._tokens.ends(token)),
            "nats": permissions(system),
        }
        log.info("integrators.admitted", system=system)
        return self._issuer.sign(told)

    def _told(self, knock: Knock, verdict: dict[str, str]) -> str:
        answer = verdict | {"type": "authorization_response", "version": 2}
        return self._issuer.sign({"sub": knock.user, "aud": knock.server, "nats": answer})


def permissions(system: str) -> dict[str, Any]:
    """Return a user's rights: pull from its own consumers, acknowledge, hear its own inbox."""
    names = [durable_name(system, number) for number in range(1, MOST + 1)]
    pulls = [f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}" for name in names]
    acknowledgements = [f"$JS.ACK.{STREAM}.{name}.>" for name in names]
    return {
        "pub": {"allow": pulls + acknowledgements},
        "sub": {"allow": [f"_INBOX.{system}.>"]},
        "subs": SUBSCRIPTIONS,
        "data": -1,
        "payload": PAYLOAD,
        "type": "user",
        "version": 2,
    }


def _read(data: bytes) -> Knock | None:
    """Read the server's question. Only the server has the right to ask on this subject."""
    try:
        told = claims(data)["nats"]
        return Knock(
            user=told["user_nkey"],
            server=told["server_id"]["id"],
            address=told["client_info"].get("host", ""),
            token=told["connect_opts"].get("auth_token"),
            encrypted=bool(told.get("client_tls")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
