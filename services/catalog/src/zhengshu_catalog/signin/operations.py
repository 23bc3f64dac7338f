"""Signing in and out. The caller owns the transaction."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.signin import (
    CodeExchange,
    OutsideSignIn,
    PasswordSet,
    SessionBegun,
    SignedIn,
    SignIn,
)
from zhengshu_contracts.vocabulary import PrincipalKind

from zhengshu_catalog.credentials.domain import Spent
from zhengshu_catalog.credentials.repository import Credentials
from zhengshu_catalog.organizations.credentials import end_tokens
from zhengshu_catalog.organizations.operations import Unit as Registry
from zhengshu_catalog.organizations.repository import Clients
from zhengshu_catalog.signin import domain
from zhengshu_catalog.signin.errors import NotAnOfficer, SessionOver
from zhengshu_catalog.signin.repository import Accounts, Sessions


@dataclass(frozen=True, slots=True)
class Unit:
    """What one operation may touch."""

    accounts: Accounts
    sessions: Sessions
    clients: Clients
    credentials: Credentials
    registry: Registry

    @classmethod
    def of(cls, session: AsyncSession) -> Self:
        """Return what an operation may touch in this session."""
        return cls(
            Accounts(session),
            Sessions(session),
            Clients(session),
            Credentials(session),
            Registry.of(session),
        )


async def set_password(unit: Unit, given: PasswordSet, *, at: datetime) -> None:
    """Keep how an officer signs in; whoever was signed in with it before is signed out."""
    client = await unit.clients.get(given.client_id)
    if client is None or client.kind is not PrincipalKind.OFFICER:
        raise NotAnOfficer
    domain.check_password(given.password, given.account)
    hashed = await asyncio.to_thread(domain.HASHER.hash, given.password)
    await unit.accounts.keep(given.client_id, given.account, hashed)
    await unit.sessions.end_all(given.client_id)
    await _end_tokens(unit, given.client_id, at)


async def sign_in(unit: Unit, given: SignIn, *, at: datetime) -> SignedIn:
    """Return a code for the right password. Answers rather than raises: failures must be counted."""
    account = await unit.accounts.lock(given.account.strip().lower())
    if account and domain.barred(account.barred_until, at):
        return SignedIn(outcome="barred")
    stored = account.password if account else None
    right = await asyncio.to_thread(domain.matches, stored, given.password)
    if account and not right:
        failures, until = domain.after_failure(account.failures, at)
        await unit.accounts.set(account.client, failures=failures, barred_until=until)
    if account is None or not right:
        return SignedIn(outcome="wrong")
    await unit.accounts.set(account.client, failures=0, barred_until=None)
    return await _accepted(unit, account.client, given.challenge, at)


async def sign_in_outside(unit: Unit, given: OutsideSignIn, *, at: datetime) -> SignedIn:
    """Return a code for whoever the issuer outside says it is, once for each state."""
    state = Spent(f"state:{given.state}", at + domain.STATE_LIFE)
    if not await unit.credentials.spend(state, at):
        return SignedIn(outcome="repeated")
    name = await unit.credentials.outside(given.issuer, given.subject)
    client = await unit.clients.get(name) if name else None
    if client is None or client.kind is not PrincipalKind.OFFICER:
        return SignedIn(outcome="unregistered")
    return await _accepted(unit, client.id, given.challenge, at)


async def _accepted(unit: Unit, client: str, challenge: str, at: datetime) -> SignedIn:
    code = secrets.token_urlsafe(32)
    await unit.sessions.add_code(code, client, challenge, at)
    return SignedIn(outcome="accepted", code=code)


async def begin(unit: Unit, given: CodeExchange, *, at: datetime) -> SessionBegun | None:
    """Begin a session for a code and its verifier; a wrong verifier uses the code up, too."""
    found = await unit.sessions.take_code(given.code, at)
    if found is None or not domain.proves(given.verifier, found[1]):
        return None
    session = secrets.token_urlsafe(32)
    await unit.sessions.begin(session, found[0], at)
    return SessionBegun(client_id=found[0], session=session)


async def go_on(unit: Unit, session: str, *, at: datetime) -> str:
    """Return whose session this is, or raise SessionOver."""
    client = await unit.sessions.seen(session, at)
    if client is None:
        raise SessionOver
    return client


async def end(unit: Unit, session: str, *, at: datetime) -> None:
    """End a session and the tokens it gave; other sessions of the officer get new ones."""
    client = await unit.sessions.end(session)
    if client is not None:
        await _end_tokens(unit, client, at)


async def _end_tokens(unit: Unit, client: str, at: datetime) -> None:
    await end_tokens(unit.registry, await unit.registry.clients.lock(client), at=at)
