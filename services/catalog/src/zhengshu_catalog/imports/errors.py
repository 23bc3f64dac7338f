"""Why a workbook is not read, or an import not confirmed."""

from zhengshu_chassis.errors import Conflict, Invalid, NotFound
from zhengshu_contracts.basis import Basis


class WorkbookUnreadable(Invalid):
    """The file is no workbook of this form."""

    slug = "workbook-unreadable"
    title = "无法读取导入文件"

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail,
            basis=Basis.GUIDE_2017.label,
            next="请下载模板(GET /v1/import-template)填写后重新上传",
        )


class ImportNotFound(NotFound):
    """No such import, or another department's."""

    slug = "import-not-found"
    title = "没有这次导入"

    def __init__(self, token: str) -> None:
        super().__init__(f"没有导入 {token}", next="请重新上传文件预览")


class ImportConfirmed(Conflict):
    """It was confirmed already."""

    slug = "import-confirmed"
    title = "这次导入已经确认"

    def __init__(self, token: str) -> None:
        super().__init__(f"导入 {token} 已经执行", next=f"可通过 GET /v1/imports/{token} 查看报告")


class SampleUnreadable(Invalid):
    """No items can be suggested of this file."""

    slug = "sample-unreadable"
    title = "无法从文件得出信息项"

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail,
            basis=Basis.GUIDE_2017.label,
            next="请上传首行为列名的 CSV 或 XLSX 文件,或数据库表结构清单",
        )


class NothingWaits(Conflict):
    """No entry of this import waits for the competent department."""

    slug = "import-nothing-waits"
    title = "这次导入没有等待审核的存量登记"

    def __init__(self, token: str) -> None:
        super().__init__(
            f"导入 {token} 已经审核,或没有存量登记",
            basis=Basis.DECREE_16.label,
            next="可通过 GET /v1/imports?waiting=true 查看等待审核的导入",
        )
