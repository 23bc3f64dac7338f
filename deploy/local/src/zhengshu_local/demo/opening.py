"""Step 11: opening to the public, and to those who are eligible."""

from functools import partial
from typing import Any

from zhengshu import Client

from zhengshu_local.demo import samples
from zhengshu_local.demo.cast import Cast, in_a_year


def open_up(cast: Cast) -> None:
    """Step 11."""
    cast.teller.chapter(11, "数据开放:公众匿名下载;授权开放须符合条件并经市级批准")
    public = cast.open()
    for name, provider in (("schools", "education"), ("outages", "water")):
        _propose(cast, name, provider)
    for name in ("schools", "outages"):
        cast.teller.until(
            f"{cast.entry(name)['title']} 已在开放目录列出",
            partial(_listed, public, cast.datasets[name]),
            30,
        )
    _download(cast, public)
    _apply(cast, public)


def _propose(cast: Cast, name: str, provider: str) -> None:
    dataset = cast.datasets[name]
    proposal = cast.officers[provider].post("/v1/open/proposals", {"dataset": dataset})
    opinion = {"outcome": "agree", "opinion": "同意开放"}
    cast.competent.post(f"/v1/open/proposals/{proposal['id']}/review", opinion)


def _listed(public: Client, dataset: str) -> bool:
    found: list[dict[str, Any]] = public.get("/v1/open/datasets", limit=200)["datasets"]
    return any(each["id"] == dataset and each["state"] == "listed" for each in found)


def _download(cast: Cast, public: Client) -> None:
    found = public.get("/v1/open/datasets", q="学校")["datasets"]
    schools = cast.datasets["schools"]
    cast.teller.check("公众搜索“学校”可找到学校名录", schools in [each["id"] for each in found])
    answer = public.call("GET", f"/v1/open/datasets/{schools}/files/csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    cast.teller.tell(f"匿名下载 {len(answer.content)} 字节,{len(lines) - 1} 行;首行:{lines[1]}")
    cast.teller.check("下载的 CSV 含示例学校", "示例第一小学" in answer.content.decode("utf-8-sig"))
    cast.teller.refused(
        "授权开放数据不能匿名下载",
        "authorization-required",
        lambda: public.get(f"/v1/open/datasets/{cast.datasets['outages']}/files/csv"),
    )


def _apply(cast: Cast, public: Client) -> None:
    asked = {
        "dataset": cast.datasets["outages"],
        "purpose": "供水可靠性研究",
        "scenario": "分析停水影响(示例)",
        "safeguards": "内网存放,专人管理(示例)",
        "until": in_a_year(),
    }
    company = _applicant(cast, public, samples.COMPANY)
    cast.teller.refused(
        "普通公司不具备授权开放申请资格",
        "applicant-not-eligible",
        lambda: company.post("/v1/open/applications", asked),
    )
    institute = _applicant(cast, public, samples.RESEARCH)
    case = cast.teller.until(
        "科研机构的申请已受理", lambda: institute.post("/v1/open/applications", asked)
    )
    path = f"/v1/open/applications/{case['id']}"
    cast.teller.until("市大数据委批准", lambda: institute.get(path)["state"] == "granted")
    file = f"/v1/open/datasets/{asked['dataset']}/files/csv"
    answer = cast.teller.until("获授权后可下载", lambda: institute.call("GET", file))
    cast.teller.check("下载的 CSV 含停水通知", "T2026-001" in answer.content.decode("utf-8-sig"))


def _applicant(cast: Cast, public: Client, who: dict[str, str]) -> Client:
    body = who | {"contact": "联系人(示例)"}
    made = public.post("/v1/open/applicants", body)
    cast.teller.tell(f"申请人登记:{who['name']}")
    return cast.open(made["credentials"])
