"""Step 12: the ledger verifies offline; a copy of the audit database with one row changed does not."""

import json

from zhengshu import ledger, offline

from zhengshu_local.demo.cast import Cast

STEPS = {
    "entry.published": "目录发布",
    "grant.activated": "授权生效",
    "grant.revoked": "授权撤销",
    "access.decided": "访问裁决",
}


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
    for step, title in STEPS.items():
        cast.teller.check(f"账本中有{title}({step})", any(step in each for each in told))
    untouched, tampered = cast.doors.fsck_tampered()
    cast.teller.tell(f"原样副本:{' '.join(untouched.said.splitlines())}")
    cast.teller.check("审计库的原样副本验证通过", untouched.code == 0)
    found = next((line for line in tampered.said.splitlines() if "不符" in line), "")
    cast.teller.tell(f"改动一行后:{found.partition(':')[0]}")
    cast.teller.check(
        "改动一行的副本验证失败,并指明是哪条记录",
        tampered.code == 1 and "记录不符,第一处在序号" in tampered.said,
    )
