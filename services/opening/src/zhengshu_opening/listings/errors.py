"""Refusals about listings."""

from zhengshu_chassis.errors import Conflict, Forbidden, NotFound


class ListingNotFound(NotFound):
    """No such listing, or none the public may see."""

    slug = "listing-unknown"
    title = "未找到该开放数据集"


class FileNotFound(NotFound):
    """The listing has no file of this format."""

    slug = "open-file-unknown"
    title = "没有这种格式的文件"


class AuthorizationRequired(Forbidden):
    """Authorised-open data need a live authorisation."""

    slug = "authorization-required"
    title = "该数据集须经授权方可获取"


class DecidedForAnother(Forbidden):
    """The gateway's decision was about another dataset."""

    slug = "decision-mismatch"
    title = "放行决定与所请求的数据集不符"


class NothingToOpen(Conflict):
    """No item of what was to be opened may be opened."""

    slug = "nothing-to-open"
    title = "没有可开放的信息项"
