"""Why there is no form."""

from zhengshu_chassis.errors import NotFound


class FormNotFound(NotFound):
    """No form has this code, or none this caller may see."""

    slug = "form-not-found"
    title = "未找到该表单"

    def __init__(self, code: str) -> None:
        super().__init__(f"没有校验码为 {code} 的表单", next="请核对校验码;纸件可能不是本系统签发")
