"""Recompute the whole ledger of a database, or of a copy of one, and name the first wrong place.

Trusts nothing it reads: only the two public keys given from outside. Reads within one snapshot.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import connect
from zhengshu_contracts.audit import LEDGER_ORIGIN, WITNESS_NAME
from zhengshu_verify.ledger import Difference, Differs, LedgerCheck, Verdict
from zhengshu_verify.merkle import Node
from zhengshu_verify.note import (
    Algorithm,
    Checkpoint,
    InvalidNote,
    Note,
    Signature,
    VerifierKey,
    open_checkpoint,
)

from zhengshu_audit import domain
from zhengshu_audit.domain import Unreadable
from zhengshu_audit.repository import Checkpoints, Leaves, Signed
from zhengshu_audit.tables import CheckpointRow, LeafRow

PAGE = 1000
WORDS = {
    "leaf": "记录不符",
    "root": "记录与已签名的根不符",
    "node": "证明用的中间节点不符",
    "checkpoint": "检查点不符",
    "cosignature": "见证签名不符",
}


class DatabaseCheck(LedgerCheck):
    """The check of a ledger that also remembers which subtrees the database should hold."""

    def __init__(self, log: VerifierKey, witness: VerifierKey | None) -> None:
        super().__init__(log=log, witness=witness)
        self._key = log
        self._expects_witness = witness is not None
        self.nodes: dict[Node, bytes] = {}

    def completed(self, nodes: list[tuple[Node, bytes]]) -> None:
        """Remember subtrees until their checkpoint is reached."""
        self.nodes.update(nodes)

    def row(self, row: LeafRow) -> None:
        """Take a leaf, whose columns must say what its payload says."""
        evidence = f"{row.index} {row.leaf_hash.hex()} {row.payload}"
        self.leaf(row.index, row.payload, row.leaf_hash.hex(), evidence=evidence)
        if row.payload is not None and not _told(row, row.payload):
            reason = f"columns of leaf {row.index} differ from its payload"
            raise Differs("leaf", reason, row.index, evidence)

    def outside(self, kept: str | None) -> Signed | None:
        """A checkpoint kept elsewhere, in the form of those in the database."""
        if kept is None:
            return None
        opened = self.opened(kept)
        return Signed(CheckpointRow(size=opened.size, root=opened.root, note=kept), None)

    def opened(self, raw: str) -> Checkpoint:
        """A checkpoint of this ledger."""
        try:
            return open_checkpoint(raw, self._key)
        except InvalidNote as error:
            raise Differs("checkpoint", str(error), None, error.raw) from error

    def signed(self, signed: Signed) -> None:
        """Take a checkpoint with the witness's line, whose columns must say what its note says."""
        row, raw = signed.checkpoint, signed.checkpoint.note
        opened, note = self.opened(raw), Note.parse(raw)
        if signed.countersignature:
            note = note.signed(_line(signed.countersignature.line))
        if (opened.size, opened.root) != (row.size, row.root):
            reason = f"columns of checkpoint {row.size} differ from its note"
            raise Differs("checkpoint", reason, None, raw)
        self.checkpoint(note.encode())
        self._witnessed(signed, note)

    def _witnessed(self, signed: Signed, note: Note) -> None:
        cosigned = self.verdict().cosigned
        seen = cosigned is not None and cosigned.size == signed.checkpoint.size
        if signed.countersignature and self._expects_witness and not seen:
            raise Differs("cosignature", "signed by somebody else", None, note.encode())


def _line(line: str) -> Signature:
    try:
        return Signature.parse(line.rstrip("\n"))
    except InvalidNote as error:
        raise Differs("cosignature", str(error), None, error.raw) from error


def _told(row: LeafRow, payload: str) -> bool:
    try:
        entry = domain.read(payload)
    except Unreadable:
        return False
    columns = (row.event_id, row.kind, row.subject, row.at)
    return columns == (entry.id, entry.kind, entry.subject, entry.at)


async def check(
    url: str, log: VerifierKey, witness: VerifierKey | None, *, kept: str | None = None
) -> Verdict:
    """Check the ledger of a database, as whoever may read its tables.

    `kept` is a checkpoint kept elsewhere, which the ledger must continue: only so a ledger that was
    cut off at an older checkpoint is found out.
    """
    engine = connect(url, "audit-fsck", pool_size=1).engine
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        async with AsyncSession(engine.execution_options(**options)) as session:
            return await _check(session, DatabaseCheck(log, witness), kept)
    finally:
        await engine.dispose()


async def _check(session: AsyncSession, progress: DatabaseCheck, kept: str | None) -> Verdict:
    leaves, rows = Leaves(session), _rows(Leaves(session))
    try:
        async for signed in _checkpoints(Checkpoints(session), progress.outside(kept)):
            await _take(progress, rows, signed.checkpoint.size)
            progress.signed(signed)
            await _compare(progress, leaves)
        await _take(progress, rows, None)
        return progress.finish()
    except Differs as differs:
        return progress.verdict(differs.difference)


async def _take(progress: DatabaseCheck, rows: AsyncIterator[LeafRow], size: int | None) -> None:
    while size is None or progress.size < size:
        row = await anext(rows, None)
        if row is None:
            return
        progress.row(row)


async def _compare(progress: DatabaseCheck, leaves: Leaves) -> None:
    """Compare the subtrees that were completed up to a checkpoint with those stored."""
    expected, progress.nodes = list(progress.nodes.items()), {}
    for start in range(0, len(expected), PAGE):
        part = dict(expected[start : start + PAGE])
        stored = await leaves.hashes(part)
        for node, value in part.items():
            if stored.get(node) != value:
                first = node.offset << node.level
                reason = f"the stored subtree {tuple(node)} is wrong"
                raise Differs("node", reason, first, str(stored.get(node)))


async def _rows(leaves: Leaves) -> AsyncIterator[LeafRow]:
    first = -1
    while page := await leaves.page(first + 1, PAGE):
        for row in page:
            yield row
        first = page[-1].index


async def _checkpoints(checkpoints: Checkpoints, kept: Signed | None) -> AsyncIterator[Signed]:
    """All checkpoints in ascending size, the one from outside in its place among them."""
    after = -1
    while page := await checkpoints.page(after, PAGE):
        for signed in page:
            if kept and kept.checkpoint.size <= signed.checkpoint.size:
                yield kept
                kept = None
            yield signed
        after = page[-1].checkpoint.size
    if kept:
        yield kept


def key(text: str, name: str, algorithm: Algorithm) -> VerifierKey:
    """Read a public key: `name+id+key`, or a JWK that goes by the usual name."""
    if text.lstrip().startswith("{"):
        return VerifierKey.of(name, algorithm, text)
    return VerifierKey.parse(text)


def report(verdict: Verdict) -> str:
    """Say in Chinese what was checked and what is wrong."""
    found = f"已核对 {verdict.size} 条记录、{verdict.checkpoints} 个检查点"
    if verdict.cosigned:
        found += f",市大数据委见证至第 {verdict.cosigned.size} 条"
    return f"{found}。\n{_finding(verdict.difference)}"


def _finding(difference: Difference | None) -> str:
    if difference is None:
        return "存证完整,未发现改动。"
    place = "" if difference.index is None else f",第一处在序号 {difference.index}"
    return f"{WORDS[difference.what]}{place}:{difference.reason}\n证据:{difference.evidence}"


def main(arguments: list[str]) -> int:
    """Check, print, and return the exit code: 0 sound, 1 not."""
    variables = os.environ
    parser = argparse.ArgumentParser(
        prog="zhengshu_audit fsck", description="重新计算并核对全部存证"
    )
    parser.add_argument("--database-url", default=variables.get("ZHENGSHU_AUDIT_DATABASE_URL"))
    parser.add_argument("--public-key", required=True, help="存证签名公钥(vkey 或 JWK)")
    parser.add_argument("--witness-key", help="市大数据委见证公钥(vkey 或 JWK)")
    parser.add_argument(
        "--kept-checkpoint", type=Path, help="另行保存的检查点文件,存证必须是它的延续"
    )
    given = parser.parse_args(arguments)
    if not given.database_url:
        parser.error("缺少 --database-url")
    log = key(given.public_key, LEDGER_ORIGIN, Algorithm.ED25519)
    text = given.witness_key
    witness = key(text, WITNESS_NAME, Algorithm.COSIGNATURE) if text else None
    kept = given.kept_checkpoint.read_text() if given.kept_checkpoint else None
    verdict = asyncio.run(check(given.database_url, log, witness, kept=kept))
    sys.stdout.write(report(verdict) + "\n")
    return 0 if verdict.sound else 1
