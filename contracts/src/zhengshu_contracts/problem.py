"""What an error looks like to a caller: RFC 9457 with the article and the next step."""

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One wrong place in a request."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="出错位置(JSON Pointer)")
    code: str = Field(description="错误代码")
    message: str = Field(description="说明")


class Problem(BaseModel):
    """problem+json (RFC 9457). `type` is `/problems/<slug>`; slugs never change their meaning."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = Field(description="错误类型")
    title: str = Field(description="错误名称")
    status: int = Field(description="HTTP 状态码")
    detail: str = Field(default="", description="具体说明")
    instance: str = Field(default="", description="请求路径")
    basis: str | None = Field(default=None, description="依据的条款")
    next: str | None = Field(default=None, description="下一步可以做什么")
    trace_id: str | None = Field(default=None, description="追踪号,报障时请提供")
    errors: list[FieldProblem] | None = Field(default=None, description="逐项错误")
