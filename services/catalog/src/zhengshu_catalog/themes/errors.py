"""Why a theme is not compiled, agreed to or published."""

from collections.abc import Iterable

from zhengshu_chassis.errors import Conflict, Forbidden, Invalid, NotFound
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.catalog import Item


class ThemeNotFound(NotFound):
    """No such theme, or none this caller may see."""

    slug = "theme-not-found"
    title = "没有这个主题数据库"

    def __init__(self, theme: str) -> None:
        super().__init__(f"没有主题数据库 {theme},或尚未发布")


class ThemeInvalid(Invalid):
    """Members, keys and columns do not fit together."""

    slug = "theme-invalid"
    title = "主题数据库的成员、关联键与列不相符"

    def __init__(self, wrong: Iterable[tuple[str, str]]) -> None:
        places = list(wrong)
        super().__init__(
            ";".join(message for _, message in places),
            basis=Basis.MEASURES_SHARING.label,
            next="第一个成员不填关联键,其余成员以全部主键项关联到前面成员的同类信息项",
            pointers=[(place, self.slug, message) for place, message in places],
        )


class ThemeMemberUnavailable(Conflict):
    """A member is not published, or has no rows on this node."""

    slug = "theme-member-unavailable"
    title = "不能作为主题数据库的成员"

    def __init__(self, datasets: Iterable[str]) -> None:
        super().__init__(
            f"{'、'.join(datasets)} 未在发布状态,或不是本县汇聚的数据集",
            basis=Basis.MEASURES_SHARING.label,
            next="成员须为本县已发布的目录条目,不能是市级目录条目或另一主题数据库",
        )


class ThemeItemWithheld(Forbidden):
    """What the law withholds is shown to nobody, in a joined view neither."""

    slug = "theme-item-withheld"
    title = "不予共享的信息项不得列入主题数据库"

    def __init__(self, items: Iterable[Item]) -> None:
        cited = [f"“{one.title}”{one.citation.text() if one.citation else ''}" for one in items]
        super().__init__(
            "、".join(cited),
            basis=Basis.DECREE_15.label,
            next="请去掉这些列;对共享属性有异议的,可提出共享属性异议",
        )


class ThemeConsentsMissing(Conflict):
    """Members' providers have not all agreed."""

    slug = "theme-consents-missing"
    title = "成员提供单位尚未全部同意"

    def __init__(self, providers: Iterable[str]) -> None:
        super().__init__(
            f"尚未同意:{'、'.join(providers)}",
            basis=Basis.DECREE_20.label,
            next="请成员提供单位的共享工作机构负责人同意后再提交(POST /v1/themes/{id}/consents)",
        )


class ThemeMoved(Conflict):
    """A member's items are no longer what the theme was compiled from."""

    slug = "theme-moved"
    title = "成员的信息项已有变化"

    def __init__(self) -> None:
        super().__init__(
            "成员目录条目在编制之后发布了新版次,所示各列的属性或类型已经不同",
            basis=Basis.DECREE_15.label,
            next="请重新保存主题数据库(PUT /v1/themes/{id}),由成员提供单位再次同意",
        )


class ThemeDerived(Conflict):
    """A theme's entry follows from its members; it is not written by hand."""

    slug = "theme-derived"
    title = "主题数据库的信息项由成员得出"

    def __init__(self, theme: str) -> None:
        super().__init__(
            basis=Basis.MEASURES_SHARING.label, next=f"请修改主题数据库(PUT /v1/themes/{theme})"
        )


class ConsentNotDue(Conflict):
    """Nobody waits for this organisation's word on the theme."""

    slug = "theme-consent-not-due"
    title = "现在不需要本单位同意"

    def __init__(self) -> None:
        super().__init__(
            "本单位不是其成员的提供单位,或该版次已经提交、已经发布",
            basis=Basis.DECREE_20.label,
            next="可通过 GET /v1/themes?waiting=true 查看待本单位同意的主题数据库",
        )
