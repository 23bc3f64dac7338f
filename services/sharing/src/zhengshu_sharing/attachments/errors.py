"""Why a file cannot be kept or found."""

from zhengshu_chassis.errors import Invalid, NotFound, TooLarge, Unavailable, Unsupported


class AttachmentNotFound(NotFound):
    """There is no such attachment, or none this caller may see or use."""

    slug = "attachment-not-found"
    title = "未找到该附件"

    def __init__(self, attachment: str) -> None:
        super().__init__(f"未找到附件 {attachment}")


class MediaNotKept(Unsupported):
    """Only documents and pictures are kept, and only what they say they are."""

    slug = "attachment-media"
    title = "不支持这种附件"

    def __init__(self, media: str) -> None:
        super().__init__(
            f"文件内容与类型“{media}”不符,或不在可接受的类型之内",
            next="可上传 PDF、OFD、PNG、JPEG",
        )


class AttachmentEmpty(Invalid):
    """An empty file proves nothing."""

    slug = "attachment-empty"
    title = "附件为空"


class AttachmentTooLarge(TooLarge):
    """A scan is not that large."""

    slug = "attachment-too-large"
    title = "附件过大"


class StoreNotSet(Unavailable):
    """This installation keeps no files."""

    slug = "attachments-not-kept"
    title = "未配置附件存储"
