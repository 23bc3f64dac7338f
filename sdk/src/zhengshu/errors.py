"""The one error a caller of the node sees: the problem document it answered."""

from typing import Any

from zhengshu_contracts.problem import Problem


class Refused(Exception):
    """The node did not do what was asked; carries its problem document (RFC 9457)."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(describe(problem))
        self.problem = problem

    @property
    def slug(self) -> str:
        """The stable name of the refusal, such as `items-conditional`."""
        return self.problem.type.rsplit("/", 1)[-1]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def extra(self) -> dict[str, Any]:
        """Further members of the problem document."""
        return self.problem.model_extra or {}


def describe(problem: Problem) -> str:
    """Return a problem as people read it: what, why, on which basis, what next."""
    parts = [f"{problem.status} {problem.title}", problem.detail]
    parts.append(f"依据:{problem.basis}" if problem.basis else "")
    parts.append(f"下一步:{problem.next}" if problem.next else "")
    return ";".join(part for part in parts if part)
