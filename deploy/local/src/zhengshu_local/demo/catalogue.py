"""Steps 1 to 5: register, compile, review, push, and wait for the right to serve."""

from functools import partial
from pathlib import Path
from typing import Any

from zhengshu.offline import verify_receipt
from zhengshu_contracts.vocabulary import SharingClass

from zhengshu_local.demo import samples
from zhengshu_local.demo.cast import Cast, tolerate


def register(cast: Cast) -> None:
    """Step 1: organisations and their business systems; credentials are shown once."""
    cast.teller.chapter(1, "主管部门登记单位与业务系统,各系统领取一次性凭证")
    for name, organization in samples.ORGANIZATIONS.items():
        tolerate("organization-registered", partial(_organization, cast, organization))
        _accounts(cast, name, organization)
    listed = cast.competent.get("/v1/systems", limit=200)
    owners = {each["id"]: each["organization"] for each in listed["systems"]}
    expected = {cast.system_ids[name]: one["code"] for name, one in samples.ORGANIZATIONS.items()}
    cast.teller.check("五家单位的系统均在登记簿中,各归其主", expected.items() <= owners.items())
    players = [*cast.systems.values(), *cast.officers.values()]
    tokens = {client.token() for client in players}
    cast.teller.check("各系统、各数据专员凭凭证换得各自的令牌", len(tokens) == len(players))
    cast.teller.check("凭证不会再次显示", "client_secret" not in str(listed))


def _organization(cast: Cast, organization: dict[str, Any]) -> None:
    office = {"name": "数据共享工作机构", "head": "负责人(示例)"}
    cast.competent.post("/v1/organizations", organization | {"office": office})
    cast.teller.tell(f"登记 {organization['name']}({organization['code']})")


def _accounts(cast: Cast, name: str, organization: dict[str, Any]) -> None:
    """Register a department's system and data officer, and open the door as each of them."""
    owner = {"organization": organization["code"]}
    system = cast.competent.post("/v1/systems", owner | {"name": f"{organization['name']}业务系统"})
    officer = cast.competent.post(
        "/v1/officers", owner | {"name": "数据专员(示例)", "roles": ["data_officer"]}
    )
    cast.systems[name] = cast.open(system["credentials"])
    cast.system_ids[name] = system["id"]
    cast.officers[name] = cast.open(officer["credentials"])


def compile_entries(cast: Cast) -> None:
    """Step 2: five entries; a secret one and a withheld one without citation are refused."""
    cast.teller.chapter(2, "各单位编制目录")
    for name, (provider, entry) in samples.DATASETS.items():
        made = cast.officers[provider].post("/v1/entries", entry)
        cast.datasets[name] = made["id"]
        cast.teller.tell(
            f"{made['title']}:代码 {made['code']},{SharingClass(made['sharing']).label},"
            f"{made['state_label']}"
        )
    officer = cast.officers["statistics"]
    secret = samples.TOWNS | {"title": "涉密资料(示例)", "state_secret": True}
    cast.teller.refused(
        "涉及国家秘密的条目不予登记", "secret-refused", lambda: officer.post("/v1/entries", secret)
    )
    bare = [samples.item("respondent", "调查对象", "C", sharing="withheld", opening="closed")]
    uncited = samples.SURVEY | {"items": bare}
    cast.teller.refused(
        "不予共享而未列明依据的条目不予登记",
        "citation-required",
        lambda: officer.post("/v1/entries", uncited),
    )


def publish(cast: Cast) -> None:
    """Step 3: review and publication; the Commission registers and sends municipal codes back."""
    cast.teller.chapter(3, "主管部门审核发布,市级平台登记并返回市级代码")
    for name, (provider, _) in samples.DATASETS.items():
        path = f"/v1/entries/{cast.datasets[name]}"
        cast.officers[provider].post(f"{path}/submission", {})
        opinion = {"outcome": "agree", "opinion": "要素完整,同意发布"}
        cast.competent.post(f"{path}/review", opinion)
    for name in samples.DATASETS:
        code = cast.teller.until(
            f"{samples.DATASETS[name][1]['title']} 已在市级平台登记",
            partial(_municipal_code, cast, name),
        )
        cast.teller.tell(f"市级代码 {code}")


def _municipal_code(cast: Cast, name: str) -> str | None:
    code: str | None = cast.entry(name)["municipal_code"]
    return code


def push(cast: Cast, shared: Path) -> None:
    """Step 4: rows, row-by-row reports, receipts, and a repeat that changes nothing."""
    cast.teller.chapter(4, "业务系统推送数据")
    body, count, where = samples.towns(shared)
    civil, towns = cast.systems["civil"], cast.datasets["towns"]
    done = civil.push(towns, body, mode="append", key=cast.key("towns"))
    cast.teller.tell(f"{where}:收到 {done.received} 行,形成版本 {done.version}")
    cast.teller.check(f"{count} 行全部入库", done.inserted == count)
    again = civil.push(towns, body, mode="append", key=cast.key("towns"))
    cast.teller.check("同一幂等键再次推送,答复不变", again == done)
    version = cast.entry("towns")["version"]
    cast.teller.check(f"数据版本仍为 {version}", version == done.version)
    _receipt(cast, done.receipt or "", towns)
    _bad_rows(cast)
    _others(cast)


def _receipt(cast: Cast, receipt: str, dataset: str) -> None:
    keys = cast.open().get("/.well-known/jwks.json")
    said = verify_receipt(receipt, keys)
    cast.teller.check(f"签名回执离线验证通过({said.received} 行)", said.dataset == dataset)


def _bad_rows(cast: Cast) -> None:
    """Push good and bad rows together: refused whole, then the good ones taken leniently."""
    education, schools = cast.systems["education"], cast.datasets["schools"]
    mixed = samples.table(samples.SCHOOLS, samples.SCHOOL_ROWS + samples.BAD_SCHOOL_ROWS)
    refusal = cast.teller.refused(
        "含不合格行的批次整批退回", "batch-rows-refused", lambda: education.push(schools, mixed)
    )
    for each in refusal.extra["problems"]:
        cast.teller.tell(f"第 {each['row']} 行 {each['item']}:{each['message']}")
    bad = {each["row"] for each in refusal.extra["problems"]}
    cast.teller.check("不合格行逐行列出", bad == {4, 5})
    taken = education.push(schools, mixed, lenient=True)
    counts = (taken.inserted, taken.refused)
    cast.teller.check("宽松模式:合格 3 行入库,2 行退回", counts == (3, 2))


def _others(cast: Cast) -> None:
    """Push the made-up rows of the other datasets, and one more version of the schools."""
    for name, rows in (
        ("aid", samples.AID_ROWS),
        ("survey", samples.SURVEY_ROWS),
        ("outages", samples.OUTAGE_ROWS),
    ):
        provider, entry = samples.DATASETS[name]
        done = cast.systems[provider].push(cast.datasets[name], samples.table(entry, rows))
        cast.teller.check(
            f"{entry['title']} 示例数据 {len(rows)} 行入库", done.inserted == len(rows)
        )


def serve(cast: Cast) -> None:
    """Step 5: without the municipal service registration nothing is served; with it, it is."""
    cast.teller.chapter(5, "挂接之前不得提供,挂接之后可读")
    reader, towns = cast.systems["market"], cast.datasets["towns"]
    cast.teller.refused(
        "未挂接的数据不提供",
        "no-service-registration",
        lambda: reader.get(f"/v1/datasets/{towns}/rows", limit=1),
    )
    for name, dataset in cast.datasets.items():
        if name != "survey":  # nothing of a withheld dataset is uploaded, so nothing is registered
            _registered(cast, name, dataset)
    cast.teller.check("挂接后可读", reader.get(f"/v1/datasets/{towns}/rows", limit=1))


def _registered(cast: Cast, name: str, dataset: str) -> None:
    """Have the Commission register the service once it holds the upload."""

    def registered() -> bool:
        held = cast.doors.commission("GET", f"/desk/datasets/{dataset}")
        return bool(held["epoch"])

    cast.teller.until(f"{samples.DATASETS[name][1]['title']}:市级平台已收到上报", registered, 60)
    cast.doors.commission("POST", f"/desk/datasets/{dataset}/registration")
    cast.teller.until(
        f"{samples.DATASETS[name][1]['title']}:已挂接",
        lambda: cast.entry(name)["registration"] == "live",
    )
