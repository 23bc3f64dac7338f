"""Changing and checking credentials. The caller owns the transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import signature
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.credentials import (
    AssertionCheck,
    ClientKeyChanged,
    ClientOut,
    SignatureCheck,
    SigningKeyIssued,
    SubjectCheck,
    SubjectIn,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import PrincipalKind, Role

from zhengshu_catalog.credentials import domain
from zhengshu_catalog.credentials.domain import Spent
from zhengshu_catalog.credentials.errors import NotASystem
from zhengshu_catalog.credentials.repository import Credentials
from zhengshu_catalog.organizations import domain as clients
from zhengshu_catalog.organizations.credentials import end_tokens
from zhengshu_catalog.organizations.errors import CredentialsWrong
from zhengshu_catalog.organizations.operations import Unit as Registry
from zhengshu_catalog.organizations.repository import Clients
from zhengshu_catalog.organizations.tables import ClientRow


@dataclass(frozen=True, slots=True)
class Unit:
    """What one operation may touch."""

    credentials: Credentials
    clients: Clients
    outbox: Outbox
    registry: Registry

    @classmethod
    def of(cls, session: AsyncSession) -> Self:
        """Return what an operation may touch in this session."""
        return cls(
            Credentials(session), Clients(session), Outbox(session, "catalog"), Registry.of(session)
        )


def reach(by: Principal) -> str | None:
    """Return the one organisation whose clients somebody manages; None for all of them."""
    return None if Role.ADMINISTRATOR in by.roles else by.organization or ""


async def register_keys(
    unit: Unit, client: str, given: list[dict[str, Any]], *, by: Principal, at: datetime
) -> ClientOut:
    """Put public keys in the place of the ones before; an empty list takes them away."""
    row = await _managed(unit, client, by)
    keys = domain.fit_keys(given)
    gone = {str(key["kid"]) for key in await unit.credentials.keys(client)} - set(keys)
    await unit.credentials.replace_keys(client, keys, at)
    if gone:
        await _end_tokens(unit, client, at)
    _announce(unit, row, "assertion", by)
    return await unit.credentials.show(client)


async def register_subject(
    unit: Unit, client: str, given: SubjectIn, *, by: Principal, at: datetime
) -> ClientOut:
    """Register who a client is at an OIDC issuer outside, or that it is nobody there any more."""
    row = await _managed(unit, client, by)
    before = {one.issuer: one.subject for one in await unit.credentials.subjects(client)}
    await unit.credentials.set_subject(client, given.issuer, given.subject, at)
    if before.get(given.issuer, given.subject) != given.subject:
        await _end_tokens(unit, client, at)
    _announce(unit, row, "outside", by)
    return await unit.credentials.show(client)


async def check_subject(unit: Unit, given: SubjectCheck) -> str:
    """Return whose identity outside this is, or raise CredentialsWrong."""
    client = await unit.credentials.outside(given.issuer, given.subject)
    if client is None:
        raise CredentialsWrong
    return client


async def issue_signing_key(
    unit: Unit, client: str, secret: bytes, overlap_hours: int, *, by: Principal, at: datetime
) -> SigningKeyIssued:
    """Give a system the next key for header signatures; the one before stays good for the overlap."""
    row = await _managed(unit, client, by)
    if row.kind != PrincipalKind.SYSTEM:
        raise NotASystem("请求头签名只供业务系统使用")
    until = at + timedelta(hours=overlap_hours)
    generation = await unit.credentials.next_generation(client, until)
    _announce(unit, row, "header", by)
    return SigningKeyIssued(
        requester=client,
        key=domain.header_key(secret, client, generation),
        previous_until=until if generation > 1 else None,
    )


async def check_assertion(unit: Unit, given: AssertionCheck, *, at: datetime) -> str:
    """Return whose assertion this is, and use it up; CredentialsWrong whatever is wrong."""
    name = domain.claimed(given.assertion)
    client = await unit.clients.get(name)
    if client is None or client.locked:
        raise CredentialsWrong
    keys = await unit.credentials.keys(name)
    spent = domain.check_assertion(
        given.assertion, client=name, keys=keys, audiences=given.audiences, at=at
    )
    await _spend(unit, spent, at)
    return name


async def check_signature(unit: Unit, given: SignatureCheck, secret: bytes, *, at: datetime) -> str:
    """Return whose signature this is, and use it up; CredentialsWrong whatever is wrong."""
    client = await unit.clients.get(given.requester)
    generations = await unit.credentials.generations(given.requester, at)
    if client is None or client.locked:
        raise CredentialsWrong
    keys = [domain.header_key(secret, client.id, each) for each in generations]
    await _spend(unit, domain.check_signature(keys, client.id, _headers(given), at), at)
    return client.id


async def _managed(unit: Unit, client: str, by: Principal) -> ClientRow:
    """Return a client within reach, held until the transaction ends; nobody manages one above."""
    row = await unit.credentials.lock(client, reach(by))
    clients.check_manages(by, map(Role, [*row.roles, *row.lent]))
    return row


async def _end_tokens(unit: Unit, client: str, at: datetime) -> None:
    await end_tokens(unit.registry, await unit.registry.clients.lock(client), at=at)


def _headers(given: SignatureCheck) -> Mapping[str, str]:
    told = {
        signature.REQUESTER: given.requester,
        signature.SERVICE: given.service,
        signature.TIME: given.moment,
        signature.SIGN: given.sign,
    }
    return told | ({signature.DIGEST: given.digest} if given.digest else {})


async def _spend(unit: Unit, proof: Spent, at: datetime) -> None:
    if not await unit.credentials.spend(proof, at):
        raise CredentialsWrong


def _announce(
    unit: Unit, row: ClientRow, key: Literal["assertion", "header", "outside"], by: Principal
) -> None:
    event = ClientKeyChanged(client=row.id, organization=row.organization, key=key, by=by.id)
    unit.outbox.add(event, aggregate=row.id)
