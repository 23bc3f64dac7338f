"""Why an objection is not found."""

from zhengshu_chassis.errors import NotFound


class ObjectionNotFound(NotFound):
    """There is no such objection, or none this caller may see."""

    slug = "objection-not-found"
    title = "未找到该异议"

    def __init__(self, objection: str) -> None:
        super().__init__(f"未找到异议 {objection}")
