"""Step 12: the ledger verifies offline; a copy of the audit database with one row changed does not."""

import json

from zhengshu import ledger, offline

from zhengshu_local.demo.cast import Cast


def prove(cast: Cast) -> None:
    """Step 12."""
    cast.teller.chapter(12, "账本:市大数据委见证签名的检查点可离线验证,改动一行即败露")
    folder = cast.doors.folder / "ledger"
    checkpoint = ledger.save(cast.competent, folder)
    cast.teller.tell(f"检查点:{checkpoint.size} 条,根 {checkpoint.root}")
    verdict = offline.verify_folder(folder, log=cast.doors.log_key, witness=cast.doors.witness_key)
    cast.teller.check(f"离线验证通过({verdict.size} 条记录)", verdict.sound and verdict.cosigned)
    text = (folder / offline.LEAVES).read_text(encoding="utf-8")
    payloads = [json.loads(line)["payload"] for line in text.splitlines()]
    told = {json.loads(payload)["event"]["type"] for payload in payloads if payload}
    for step in ("entry.published", "grant.activated", "grant.revoked", "access.decided"):
        cast.teller.check(f"账本中有 {step}", any(step in each for each in told))
    code, output = cast.doors.fsck_tampered()
    cast.teller.tell(output.strip().splitlines()[-1] if output.strip() else "")
    cast.teller.check("改动一行的审计库副本验证失败", code == 1)
