"""Attachments: evidence and stamped scans that go with a case."""

from datetime import date, datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel


class AttachmentOut(ApiModel):
    """A kept file: what it is, whose, and until when."""

    id: str
    organization: str
    name: str
    media: str = Field(description="文件类型")
    size: int
    digest: str = Field(description="SHA-256")
    uploaded_at: datetime
    keep_until: date = Field(description="保存至;未用于任何事项的七天后清除")
