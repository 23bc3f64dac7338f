"""Why extended metadata, or their definition, are refused."""

from zhengshu_chassis.errors import Invalid
from zhengshu_contracts.basis import Basis


class DefinitionInvalid(Invalid):
    """No JSON schema, or one we do not take."""

    slug = "extension-schema-invalid"
    title = "扩展元数据规范无效"

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail,
            basis=Basis.GUIDE_2017.label,
            next="请按 JSON Schema 2020-12 修改后再提交",
            pointers=[("/definition", self.slug, detail)],
        )


class ExtensionsInvalid(Invalid):
    """The extended metadata do not fit the definition in force."""

    slug = "extensions-invalid"
    title = "扩展元数据不符合规范"

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__(
            "、".join(f"{place or '扩展元数据'}(规则 {rule})" for place, rule in faults),
            basis=Basis.GUIDE_2017.label,
            next="规范可通过 GET /v1/extension-schema 查看",
            pointers=[
                (f"/extensions/{place}".rstrip("/"), rule, "不符合扩展元数据规范")
                for place, rule in faults
            ],
        )
