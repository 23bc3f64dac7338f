"""Why a notice cannot be read."""

from zhengshu_chassis.errors import NotFound


class NoticeNotFound(NotFound):
    """There is no such notice, or none of this organisation."""

    slug = "notice-not-found"
    title = "未找到该通知"
