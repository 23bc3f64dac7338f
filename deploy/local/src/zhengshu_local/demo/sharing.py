"""Steps 6 to 9: reads by class, the Commission's decision, a municipal dataset, a withheld one."""

from typing import Any

from zhengshu import Refused
from zhengshu_contracts.vocabulary import ApplicationState, SharingClass

from zhengshu_local.demo import samples
from zhengshu_local.demo.cast import Cast, in_a_year, today

MUNICIPAL_TITLE = "企业登记基本信息"
IN_THE_COUNTY = {"91350123MA0000000Y", "91350123MA0000001X"}
"""The enterprises of this county among those the Commission's stand-in holds."""


def read_by_class(cast: Cast) -> None:
    """Step 6: unconditional at once; of a mixed dataset only the unconditional columns."""
    cast.teller.chapter(6, "其他部门读取:无条件共享即读,混合数据只见无条件列")
    market = cast.systems["market"]
    towns = list(market.rows(cast.datasets["towns"], area_code="eq.350123", select="code,name"))
    cast.teller.tell("罗源县乡镇:" + "、".join(row["name"] for row in towns))
    cast.teller.check("无条件共享数据当即可读", len(towns) >= 11)
    seen = market.get(f"/v1/datasets/{cast.datasets['aid']}/rows")
    titles = {item["name"]: item["title"] for item in samples.AID["items"]}
    cast.teller.tell(f"低保对象可见列:{'、'.join(titles[name] for name in seen[0])}")
    cast.teller.check("有条件共享列不可见", set(seen[0]) == {"case_no", "town", "household"})
    cast.teller.refused(
        "点名读取有条件共享列须先申请",
        "items-conditional",
        lambda: market.get(f"/v1/datasets/{cast.datasets['aid']}/rows", select="name"),
    )


def application(dataset: str, items: list[str], *, where: str = "") -> dict[str, Any]:
    """Return an application of the market supervision bureau in mode query."""
    return {
        "parts": [{"dataset": dataset, "items": items, "modes": ["query"], "filter": where}],
        "basis": "社会救助暂行办法及本局职责(示例)",
        "scenario": "救助对象经营主体帮扶核对",
        "scope": "罗源县市场监督管理局注册登记科",
        "purpose": "救助对象帮扶",
        "until": in_a_year(),
        "consent": {"by": "共享工作机构负责人(示例)", "on": today()},
    }


def apply(cast: Cast) -> None:
    """Step 7: application, endorsement, forwarding, opinion, decision, grant, revocation."""
    cast.teller.chapter(7, "申请有条件共享列:初审、转报、征求意见、市级决定、授权、撤销")
    cast.doors.commission("PUT", "/desk/switches", {"application": "manual"})
    aid = cast.datasets["aid"]
    asked = application(aid, ["town", "name", "amount"], where="town=eq.凤山镇")
    case = _applied(cast, asked)
    _opinion(cast, case)
    grant = _decided(cast, case)
    _use(cast, aid)
    cast.competent.post(f"/v1/grants/{grant}/revocation", {"reason": "演示:用途已实现"})
    path = f"/v1/datasets/{aid}/rows"

    def ended() -> bool:
        return "name" not in cast.systems["market"].get(path)[0]

    cast.teller.until("撤销授权后,有条件共享列不再可见", ended)
    cast.teller.refused(
        "撤销后点名读取被拒绝",
        "items-conditional",
        lambda: cast.systems["market"].get(path, select="name"),
    )


def _applied(cast: Cast, asked: dict[str, Any]) -> str:
    """Submit and endorse; return the case once the Commission has accepted it."""
    case = cast.officers["market"].post("/v1/applications", asked)
    cast.teller.tell(f"受理编号 {case['number']}")
    states = {part["sharing"]: part["state"] for part in case["parts"]}
    cast.teller.tell(
        "按共享属性拆分:"
        + ";".join(
            f"{SharingClass(each).label} → {ApplicationState(state).label}"
            for each, state in states.items()
        )
    )
    endorsed = {"outcome": "agree", "opinion": "符合履职需要,同意转报"}
    cast.competent.post(f"/v1/applications/{case['id']}/endorsement", endorsed)
    cast.teller.until("已转报市大数据委", lambda: _state(cast, case["id"]) not in {"endorsed"})
    return str(case["id"])


def _state(cast: Cast, case: str) -> str:
    """Return how far an application's conditional part is."""
    parts = cast.officers["market"].get(f"/v1/applications/{case}")["parts"]
    return next(str(part["state"]) for part in parts if part["sharing"] == "conditional")


def _opinion(cast: Cast, case: str) -> None:
    """Answer the Commission's question to the provider."""
    civil = cast.officers["civil"]

    def asked() -> dict[str, Any] | None:
        opinions: list[dict[str, Any]] = civil.get("/v1/opinions", state="requested")["opinions"]
        return next((each for each in opinions if each["application"] == case), None)

    opinion = cast.teller.until("市大数据委征求提供单位意见", asked)
    consent = {"by": "民政局共享工作机构负责人(示例)", "on": today()}
    civil.post(f"/v1/opinions/{opinion['id']}", {"outcome": "agree", "consent": consent})
    cast.teller.tell("民政局答复:同意")


def _decided(cast: Cast, case: str) -> str:
    """Decide by hand at the Commission's desk; return the grant."""

    def pending() -> dict[str, Any] | None:
        filings: list[dict[str, Any]] = cast.doors.commission(
            "GET", "/desk/filings?state=pending&kind=application"
        )
        return next((each for each in filings if each["body"]["application"] == case), None)

    filing = cast.teller.until("申请在市大数据委办理台待决定", pending)
    decision = {"outcome": "agree", "reason": "符合规定,同意授权"}
    cast.doors.commission("POST", f"/desk/filings/{filing['ref']}/decision", decision)
    cast.teller.until("市大数据委的签名回调已到,授权生效", lambda: _state(cast, case) == "granted")
    parts = cast.officers["market"].get(f"/v1/applications/{case}")["parts"]
    return next(str(part["grant"]) for part in parts if part["grant"])


def _use(cast: Cast, aid: str) -> None:
    """Use the grant: exactly its columns, rows and mode."""
    market, path = cast.systems["market"], f"/v1/datasets/{aid}/rows"

    def granted() -> list[dict[str, Any]] | None:
        rows: list[dict[str, Any]] = market.get(path, select="town,name,amount")
        return rows

    rows = cast.teller.until("授权列可读", granted)
    cast.teller.tell(f"读到 {rows}")
    # Without the key among its columns a view shows `_id`, a keyed hash, in the key's place.
    cast.teller.check("点名读取只见所点的列", set(rows[0]) == {"_id", "town", "name", "amount"})
    _exactly(cast, market.get(path))
    cast.teller.refused(
        "同属有条件共享而未获授权的列(代发账号)仍被拒绝",
        "items-conditional",
        lambda: market.get(path, select="name,bank_account"),
    )
    cast.teller.refused(
        "授权的是查询,导出有条件共享列被拒绝",
        "mode-not-granted",
        lambda: market.get(f"/v1/datasets/{aid}/exports", select="name", format="csv"),
    )


def _exactly(cast: Cast, rows: list[dict[str, Any]]) -> None:
    """Hold all that a reader gets who names no column against what was granted."""
    open_to_all = {"case_no", "town", "household"}
    columns = {name for row in rows for name in row}
    cast.teller.check("不点名则恰为无条件列加授权列", columns == open_to_all | {"name", "amount"})
    seen = [(row["case_no"], row["name"], float(row["amount"])) for row in rows]
    expected = [
        (number, name, float(amount))
        for number, town, _, name, amount, _ in samples.AID_ROWS
        if town == "凤山镇"
    ]
    cast.teller.check(
        f"恰为授权的行(凤山镇 {len(expected)} 户),证号、姓名、金额逐一相符",
        sorted(seen) == sorted(expected),
    )


def municipal(cast: Cast) -> None:
    """Step 8: a dataset of the municipal catalogue, granted the same way, read through the gateway."""
    cast.teller.chapter(8, "申请市级目录中的数据,经网关读取")
    market = cast.officers["market"]

    def found() -> str | None:
        page = market.get("/v1/entries", q=MUNICIPAL_TITLE, origin="municipal")
        return next((e["id"] for e in page["entries"] if e["title"] == MUNICIPAL_TITLE), None)

    dataset = cast.teller.until("市级目录副本中找到该条目", found)
    asked = application(dataset, ["code", "name", "legal_person"], where="district=eq.罗源县")
    case = _applied(cast, asked)
    _decided(cast, case)
    path = f"/v1/datasets/{dataset}/rows"
    rows = cast.systems["market"].get(path, select="code,name,legal_person")
    cast.teller.tell(f"读到 {rows}")
    codes = {row["code"] for row in rows}
    cast.teller.check("市级数据服务经网关可读,恰为本县两家经营主体", codes == IN_THE_COUNTY)
    cast.teller.check("授权范围之外的行(鼓楼区)不在其中", "鼓楼" not in str(rows))
    cast.doors.commission("PUT", "/desk/switches", {})


def withheld(cast: Cast) -> None:
    """Step 9: a withheld dataset refuses reads and applications, with its law and the way to object."""
    cast.teller.chapter(9, "不予共享的数据:拒绝读取与申请,写明依据与异议途径")
    survey = cast.datasets["survey"]
    read = cast.teller.refused(
        "读取被拒绝",
        "items-withheld",
        lambda: cast.systems["market"].get(f"/v1/datasets/{survey}/rows"),
    )
    asked = cast.teller.refused(
        "申请同样被拒绝",
        "items-withheld",
        lambda: cast.officers["market"].post("/v1/applications", application(survey, ["income"])),
    )
    for what, refusal in (("读取", read), ("申请", asked)):
        _explained(cast, what, refusal)
    objection = {"dataset": survey, "reason": "履职需要汇总数据,请复核共享属性(示例)"}
    filed = cast.officers["market"].post("/v1/objections", objection)
    cast.teller.check(f"共享属性异议已受理:{filed['id']}", filed["state_label"])


def _explained(cast: Cast, what: str, refusal: Refused) -> None:
    """Hold a refusal of what is withheld to its duty to name the law and the way to object."""
    problem, law = refusal.problem, samples.STATISTICS_LAW["title"]
    cast.teller.check(f"拒绝{what}时写明法律依据", law in f"{problem.basis}{problem.detail}")
    cast.teller.check(f"拒绝{what}时写明异议途径", "/v1/objections" in (problem.next or ""))
