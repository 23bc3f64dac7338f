"""Fills the templates: an application in the words people read. Pure, but for reading its templates."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jinja2 import Environment, PackageLoader, StrictUndefined
from zhengshu_contracts.beijing import BEIJING, day_of
from zhengshu_contracts.limits import Quota
from zhengshu_contracts.sharing import ApplicationOut
from zhengshu_contracts.vocabulary import GrantState

from zhengshu_sharing.applications.domain import Application
from zhengshu_sharing.applications.states import CONSENTS
from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.grants.domain import Grant

PAGES = Environment(
    loader=PackageLoader("zhengshu_sharing.forms"), autoescape=True, undefined=StrictUndefined
)
TITLES = {"application": "政务数据共享申请表", "approval": "政务数据共享审批表"}


def page(
    kind: str,
    shown: ApplicationOut,
    application: Application,
    *,
    code: str,
    applicant: str,
    providers: Mapping[str, str],
    datasets: Mapping[str, Dataset],
    granted: Mapping[str, str],
    now: datetime,
) -> str:
    """Return the HTML of a form."""
    return PAGES.get_template("form.html").render(
        kind=kind,
        title=TITLES[kind],
        case=shown,
        consent=application.terms.consent,
        code=code,
        applicant=applicant,
        providers=providers,
        items={
            part.id: "、".join(titles(datasets.get(part.dataset), part.items))
            for part in shown.parts
        },
        granted=granted,
        consents={part.id: [one.who for one in CONSENTS[part.chain]] for part in application.parts},
        issued=moment(now),
        moment=moment,
    )


def moment(at: datetime) -> str:
    """Return a moment as people here write it."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def given(grant: Grant, dataset: Dataset | None) -> str:
    """Return what was granted, which may be less than was applied for, and what has become of it."""
    masked = titles(dataset, [one.item for one in grant.masks])
    quota = grant.quota or Quota.model_construct()
    said = (
        f"信息项 {'、'.join(titles(dataset, grant.items))}",
        f"共享方式 {'、'.join(mode.label for mode in grant.modes)}",
        f"行条件 {grant.filter or '全部'}",
        f"脱敏 {'、'.join(masked)}" if masked else "",
        f"每日至多 {quota.calls} 次" if quota.calls else "",
        f"每日至多 {quota.rows} 行" if quota.rows else "",
        f"使用时限 {day_of(grant.ends - timedelta(seconds=1))}",
        "" if grant.state is GrantState.ACTIVE else grant.state.label,
    )
    return ";".join(filter(None, said))


def titles(dataset: Dataset | None, names: Sequence[str]) -> list[str]:
    """Return items as people call them; by their names once the dataset is gone."""
    known = {item.name: item.title for item in dataset.items} if dataset else {}
    return [known.get(name, name) for name in names]
