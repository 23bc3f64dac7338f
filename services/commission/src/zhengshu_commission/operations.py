"""What happens when a filing arrives, and when the desk decides. The caller owns the transaction."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from zhengshu_contracts import commission as wire
from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.commission import Acceptance, Answer, DispatchKind
from zhengshu_contracts.vocabulary import Outcome

from zhengshu_commission.errors import CheckpointBroken, NotDecidable, RefTaken, UploadGap
from zhengshu_commission.repository import (
    ANSWERED,
    CONSULTING,
    PENDING,
    WITHDRAWN,
    Store,
    number,
)
from zhengshu_commission.tables import FilingRow
from zhengshu_commission.witness import Witness

OPINION_DAYS = 14
"""Calendar days that stand for ten working days on the municipal side's notice."""


async def file(
    store: Store, witness: Witness, kind: DispatchKind, ref: str, body: ApiModel
) -> Acceptance:
    """Take a filing in once; the same reference again gets the same acceptance and does nothing."""
    before = await known(store, kind, ref, body)
    if before is not None:
        return acceptance(before)
    row = await store.add(kind, ref, about(kind, body), body)
    if kind is DispatchKind.CHECKPOINT:
        await _countersign(store, witness, row)
    elif handler := ARRIVALS.get(kind):
        await handler(store, row)
    return acceptance(row)


async def known(store: Store, kind: DispatchKind, ref: str, body: ApiModel) -> FilingRow | None:
    """Find what was filed under a reference before, holding it; raise RefTaken when it was something else."""
    row = await store.claim(ref)
    if row is None:
        return None
    if row.kind != kind or type(body).model_validate(row.body) != body:
        raise RefTaken(f"{ref} 已用于{DispatchKind(row.kind).label},内容不同")
    return row


def acceptance(row: FilingRow) -> Acceptance:
    """Return what answers a filing."""
    return Acceptance(number=number(row))


def about(kind: DispatchKind, body: ApiModel) -> str:
    """Return what a filing is about: the county's own identifier of it."""
    member = {
        DispatchKind.ENTRY: "entry",
        DispatchKind.UPLOAD: "dataset",
        DispatchKind.RECONCILIATION: "dataset",
        DispatchKind.APPLICATION: "part",
        DispatchKind.OPINION: "part",
        DispatchKind.WITHDRAWAL: "part",
        DispatchKind.REVOCATION: "part",
        DispatchKind.OPENING: "proposal",
        DispatchKind.OPEN_APPLICATION: "application",
    }.get(kind)
    return str(getattr(body, member)) if member else kind.value


async def _entry(store: Store, row: FilingRow) -> None:
    filing = wire.EntryFiling.model_validate(row.body)
    sequence = await store.entry_sequence(filing.entry)
    code = filing.municipal_code or f"350100{sequence:06d}"
    row.state = ANSWERED
    store.answer(row.ref, wire.EntryAnswer(entry=filing.entry, municipal_code=code))


async def _application(store: Store, row: FilingRow) -> None:
    filing = wire.ApplicationFiling.model_validate(row.body)
    if await store.about(DispatchKind.WITHDRAWAL, filing.part):
        row.state = WITHDRAWN  # the withdrawal overtook its application
        return
    if filing.provider_opinion is not None:
        await _advised(store, row, filing.provider_opinion)
        return
    if await store.is_municipal(filing.dataset):
        await _decidable(store, row)
        return
    row.state = CONSULTING
    due = (datetime.now(UTC) + timedelta(days=OPINION_DAYS)).date()
    store.answer(row.ref, wire.OpinionRequestAnswer(part=filing.part, due=due))


async def _opinion(store: Store, row: FilingRow) -> None:
    filing = wire.OpinionFiling.model_validate(row.body)
    row.state = ANSWERED
    asked = await store.about(DispatchKind.APPLICATION, filing.part)
    if asked is not None and asked.state == CONSULTING:
        await _advised(store, asked, filing)


async def _advised(store: Store, row: FilingRow, opinion: wire.OpinionFiling) -> None:
    """Decide as the provider said, whoever asked it: nobody is asked twice."""
    outcome = Outcome.AGREE if opinion.outcome is Outcome.AGREE else Outcome.REFUSE
    await _decidable(store, row, outcome, opinion.reason)


async def _withdrawal(store: Store, row: FilingRow) -> None:
    filing = wire.WithdrawalFiling.model_validate(row.body)
    row.state = ANSWERED
    withdrawn = await store.about(DispatchKind.APPLICATION, filing.part)
    if withdrawn is not None and withdrawn.state != ANSWERED:
        withdrawn.state = WITHDRAWN


async def _reconciliation(store: Store, row: FilingRow) -> None:
    filing = wire.ReconciliationFiling.model_validate(row.body)
    held = await store.holding(filing.dataset)
    rows, digest = await store.sum_rows(filing.dataset)
    row.state = ANSWERED
    epoch, to = (held.epoch, held.to) if held else (0, 0)
    answer = wire.ReconciliationAnswer(
        dataset=filing.dataset, epoch=epoch, to=to, rows=rows, digest=digest
    )
    store.answer(row.ref, answer)


async def _noted(_: Store, row: FilingRow) -> None:
    row.state = ANSWERED


async def _decidable(
    store: Store, row: FilingRow, outcome: Outcome = Outcome.AGREE, reason: str = ""
) -> None:
    """Decide by rule, or leave the filing on the desk."""
    row.state = PENDING
    if not store.switches.by_hand(row.kind):
        decide(store, row, outcome, reason or "符合规定")


ARRIVALS: dict[str, Callable[[Store, FilingRow], Awaitable[None]]] = {
    DispatchKind.ENTRY: _entry,
    DispatchKind.APPLICATION: _application,
    DispatchKind.OPINION: _opinion,
    DispatchKind.WITHDRAWAL: _withdrawal,
    DispatchKind.REVOCATION: _noted,
    DispatchKind.RECONCILIATION: _reconciliation,
    DispatchKind.OPENING: _decidable,
    DispatchKind.OPEN_APPLICATION: _decidable,
}


def decide(store: Store, row: FilingRow, outcome: Outcome, reason: str, **terms: Any) -> None:
    """Answer a filing that needs a decision; a withdrawn one too (a late answer is real life)."""
    if row.state not in {PENDING, CONSULTING, WITHDRAWN}:
        raise NotDecidable(f"报件 {row.ref} 的状态为 {row.state}")
    answer = decision(row, outcome, reason, terms)
    row.state = ANSWERED
    store.answer(row.ref, answer)


def decision(row: FilingRow, outcome: Outcome, reason: str, terms: dict[str, Any]) -> Answer:
    """Return the answer of the filing's kind."""
    if row.kind == DispatchKind.APPLICATION:
        return wire.DecisionAnswer(part=row.about, outcome=outcome, reason=reason, **terms)
    if outcome is Outcome.RETURN:
        raise NotDecidable(f"报件 {row.ref} 只能同意或不同意")
    if row.kind == DispatchKind.OPENING:
        return wire.OpeningAnswer(proposal=row.about, outcome=outcome, reason=reason)
    if row.kind == DispatchKind.OPEN_APPLICATION:
        until = terms.get("until")
        return wire.OpenDecisionAnswer(
            application=row.about, outcome=outcome, until=until, reason=reason
        )
    raise NotDecidable(f"报件 {row.ref} 不需要决定")


async def take_back(store: Store, row: FilingRow, reason: str) -> None:
    """Take back what was agreed to: nobody asked, so that it is found like a service's withdrawal."""
    agreed = [each.answer for each in await store.callbacks(row)]
    granted = any(each.kind == "decision" and each.outcome is Outcome.AGREE for each in agreed)
    if not granted or row.state != ANSWERED:
        raise NotDecidable(f"报件 {row.ref} 没有可收回的同意")
    row.state = WITHDRAWN
    answer = wire.DecisionAnswer(part=row.about, outcome=Outcome.REFUSE, reason=reason)
    await store.announce(answer)


async def _countersign(store: Store, witness: Witness, row: FilingRow) -> None:
    filing = wire.CheckpointFiling.model_validate(row.body)
    last = await store.witnessed()
    try:
        await _signed(store, witness, row, last.note if last else None)
    except CheckpointBroken:
        if not filing.restart:
            raise
        row.state = PENDING  # a person looks at why it does not continue


async def _signed(store: Store, witness: Witness, row: FilingRow, last: str | None) -> None:
    filing = wire.CheckpointFiling.model_validate(row.body)
    size, signature = witness.countersign(filing, last)
    row.state = ANSWERED
    await store.witness(size, filing.note)
    store.answer(row.ref, wire.CountersignatureAnswer(size=size, signature=signature))


async def restart(store: Store, witness: Witness, row: FilingRow, outcome: Outcome) -> None:
    """Countersign a ledger that was restored, though it does not continue what was signed before."""
    if row.state != PENDING or outcome is not Outcome.AGREE:
        raise NotDecidable(f"检查点 {row.ref} 只能同意;不同意的,请与县级核对")
    await _signed(store, witness, row, None)


async def accept_upload(
    store: Store, ref: str, filing: wire.UploadFiling, changes: int, digest: str
) -> Acceptance:
    """Note an upload whose rows were taken in this transaction; the first one brings registration."""
    row = await store.add(DispatchKind.UPLOAD, ref, filing.dataset, filing)
    row.state = ANSWERED
    await store.hold(filing.dataset, filing.epoch, filing.to)
    members = filing.model_dump() | {"rows": changes, "digest": digest}
    store.answer(ref, wire.AcknowledgementAnswer.model_validate(members))
    entry = await store.entry(filing.dataset)
    if entry is not None and entry.service_code is None:
        await _registrable(store, filing.dataset)
    return acceptance(row)


async def _registrable(store: Store, dataset: str) -> None:
    if not store.switches.by_hand("service_registration"):
        await register_service(store, dataset)


async def register_service(store: Store, dataset: str) -> None:
    """Grant the right to serve a dataset (挂接)."""
    entry = await store.entry(dataset)
    if entry is None or await store.holding(dataset) is None:
        raise NotDecidable(f"{dataset} 尚未登记或尚未上报数据")
    entry.service_code = f"FZ{entry.sequence:08d}"
    answer = wire.ServiceRegistrationAnswer(dataset=dataset, service_code=entry.service_code)
    await store.announce(answer, wait=0.05)


async def withdraw_service(store: Store, dataset: str, reason: str) -> None:
    """Withdraw the right to serve a dataset."""
    entry = await store.entry(dataset)
    if entry is None or entry.service_code is None:
        raise NotDecidable(f"{dataset} 没有挂接")
    entry.service_code = None
    await store.announce(wire.ServiceWithdrawalAnswer(dataset=dataset, reason=reason))


async def check_range(store: Store, filing: wire.UploadFiling) -> bool:
    """Tell whether the upload starts a new epoch; raise UploadGap when it does not follow."""
    held = await store.holding(filing.dataset)
    if held is None or held.epoch != filing.epoch:
        if filing.since != 0 or (held is not None and filing.epoch < held.epoch):
            raise UploadGap(f"{filing.dataset} 的新纪元须从 0 开始,收到 {filing.since}")
        return True
    if filing.since != held.to:
        raise UploadGap(f"{filing.dataset} 已有至 {held.to},收到自 {filing.since}")
    return False
