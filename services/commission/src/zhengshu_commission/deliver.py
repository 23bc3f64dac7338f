"""Sends call-backs to the county until they are taken, with whatever faults are switched."""

import asyncio
import random
from dataclasses import dataclass, field

import httpx
import orjson
from zhengshu_chassis import signature
from zhengshu_chassis.http import client
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.commission import Callback

from zhengshu_commission.repository import (
    as_callback,
    due_callbacks,
    postpone,
    read_switches,
    sent,
)
from zhengshu_commission.settings import CommissionSettings
from zhengshu_commission.switches import Switches

PATH = "/v1/commission/callbacks"
IDLE = 0.2
LONGEST = 30.0


@dataclass
class Delivery:
    """How call-backs reach the county."""

    settings: CommissionSettings
    chance: random.Random = field(default_factory=lambda: random.Random(2026))  # noqa: S311 - order only

    async def send(self, http: httpx.AsyncClient, callback: Callback, switches: Switches) -> bool:
        """Send one call-back; true when the county took it."""
        body = orjson.dumps(callback.model_dump(mode="json"))
        if switches.forge:
            await self._post(http, body, key=b"forged")
        taken = await self._post(http, body)
        if switches.double:
            await self._post(http, body)
        return taken

    async def _post(self, http: httpx.AsyncClient, body: bytes, key: bytes | None = None) -> bool:
        secret = key or self.settings.shared_key.get_secret_value().encode()
        headers = signature.sign(
            secret,
            requester=self.settings.requester,
            service="callback",
            digest=signature.content_digest(body),
        )
        headers["Content-Type"] = "application/json"
        try:
            response = await http.post(PATH, content=body, headers=headers)
        except httpx.HTTPError as error:
            log.warning("callback.unreachable", error=type(error).__name__)
            return False
        return response.is_success


async def deliver_for_ever(resources: Resources) -> None:
    """Deliver what is due, for ever."""
    delivery: Delivery = resources.extra["delivery"]
    async with client(delivery.settings.gateway_url) as http:
        while True:
            if not await deliver_due(resources, delivery, http):
                await asyncio.sleep(IDLE)


async def deliver_due(resources: Resources, delivery: Delivery, http: httpx.AsyncClient) -> int:
    """Send everything that is due once; return how many were due."""
    async with resources.database.sessions.begin() as session:
        switches = await read_switches(session)
        rows = [] if switches.outage else await due_callbacks(session)
        if switches.reorder:
            delivery.chance.shuffle(rows)
        for row, filing in rows:
            callback = as_callback(row, filing)
            if switches.lose or await delivery.send(http, callback, switches):
                await sent(session, row)
            else:
                await postpone(session, row, min(0.5 * 2**row.attempts, LONGEST))
    return len(rows)
