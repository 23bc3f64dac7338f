"""A dataset ready to be pushed to and read, and how to do both as anybody the gateway might name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.harness import Catalog, identity
from catalog.samples import CIVIL, item, officer, system
from httpx import Response
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.identity import Principal, View
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import ItemType

TOWNS = (
    item("code", title="代码", key=True, nullable=False, length=9),
    item("name", title="名称", nullable=False, length=20),
    item("level", title="级别", type=ItemType.INTEGER),
    item("area", title="面积", type=ItemType.NUMERIC, length=10, precision=2),
    item("founded", title="设立日期", type=ItemType.DATE),
    item("seen_at", title="核对时间", type=ItemType.DATETIME),
    item("urban", title="是否城区", type=ItemType.LOGICAL),
)
PUSHER = "sys-civil"


@dataclass
class Dataset:
    """One published dataset of the bureau of civil affairs."""

    catalog: Catalog
    id: str
    items: tuple[Item, ...]

    @property
    def whole(self) -> View:
        """Every column."""
        key = tuple(one.name for one in self.items if one.key)
        return View(columns=tuple(one.name for one in self.items), key=key)

    async def push(
        self,
        body: Any,
        mode: str = "upsert",
        *,
        kind: str = "application/json",
        by: Principal | None = None,
        query: str = "",
        **headers: str,
    ) -> Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.catalog.http.post(
            f"/v1/datasets/{self.id}/batches?mode={mode}{query}",
            content=content,
            headers={
                **identity(by or system(), Action.DATASET_PUSH, dataset=self.id),
                "Content-Type": kind,
                **sent,
            },
        )

    async def pushed(self, body: Any, mode: str = "upsert", **more: Any) -> dict[str, Any]:
        """Push what must be taken; return the answer."""
        response = await self.push(body, mode, **more)
        assert response.is_success, response.text
        return response.json()

    async def refused(self, body: Any, mode: str = "upsert", **more: Any) -> dict[str, Any]:
        """Push what must be refused; return the problem."""
        response = await self.push(body, mode, **more)
        assert response.headers["content-type"] == "application/problem+json", response.text
        return response.json()

    async def read(
        self,
        what: str = "rows",
        query: str = "",
        *,
        view: View | None = None,
        action: Action | None = None,
        most: int | None = None,
        **headers: str,
    ) -> Response:
        """Read as the gateway would forward it."""
        path = what if what.startswith("/") else f"/v1/datasets/{self.id}/{what}?{query}"
        actions = {
            "rows": Action.DATASET_QUERY,
            "exports": Action.DATASET_EXPORT,
            "changes": Action.DATASET_CHANGES,
        }
        action = action or next(one for name, one in actions.items() if f"/{name}" in path)
        shown = view if view is not None else self.whole
        token = identity(system(), action, dataset=self.id, view=shown, most=most)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.catalog.http.get(path, headers=token | sent)

    async def rows(self, query: str = "", **more: Any) -> list[dict[str, Any]]:
        response = await self.read("rows", query, **more)
        assert response.is_success, response.text
        return response.json()

    async def changes(self, query: str, **more: Any) -> list[dict[str, Any]]:
        response = await self.read("changes", query, **more)
        assert response.is_success, response.text
        return [json.loads(line) for line in response.text.splitlines()]

    async def verify(self, body: Any, view: View | None = None) -> Response:
        token = identity(system(), Action.DATASET_VERIFY, dataset=self.id, view=view or self.whole)
        return await self.catalog.http.post(
            f"/v1/datasets/{self.id}/verification", content=json.dumps(body), headers=token
        )

    @property
    def suffix(self) -> str:
        return self.id.replace("-", "_")

    async def stored(self) -> list[Any]:
        """The rows as they lie in the table."""
        return await self.catalog.database.fetch(
            f'SELECT * FROM rows."d_{self.suffix}" ORDER BY _id'
        )

    async def events(self) -> list[dict[str, Any]]:
        return [data for _, data in await self.catalog.announced(f"zhengshu.dataset.%.{self.id}.%")]


async def dataset(catalog: Catalog, items: Sequence[Item] = TOWNS) -> Dataset:
    """Publish an entry with these items, and make sure its provider has a system."""
    entry = await catalog.published(items=list(items))
    await catalog.database.execute(
        "INSERT INTO clients (id, kind, organization, roles, name, description, digest, locked, opening,"
        " registered_at) VALUES ($1, 'system', $2, '{}', '示例系统', '', sha256('x'), false, false, now())"
        " ON CONFLICT DO NOTHING",
        PUSHER,
        CIVIL,
    )
    await catalog.database.execute(
        "INSERT INTO systems (id, stage, planned) VALUES ($1, 'operating', '[]')"
        " ON CONFLICT DO NOTHING",
        PUSHER,
    )
    return Dataset(catalog, entry, tuple(items))


def revising() -> Principal:
    return officer()


def town(code: str, **more: Any) -> dict[str, Any]:
    """A made-up row."""
    return {"code": code, "name": f"示例镇{code}", "level": 4, "area": 12.5} | more
