"""Puts the portal together."""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from zhengshu import Client
from zhengshu_chassis.app import create_app
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.roles import Action

from zhengshu_portal import (
    applying,
    batches,
    catalogue,
    compiling,
    imports,
    open_data,
    pages,
    parked,
    prints,
    signin,
    things,
    todos,
)
from zhengshu_portal.kinds import KINDS
from zhengshu_portal.sessions import Desk
from zhengshu_portal.settings import PortalSettings


def build(settings: PortalSettings) -> FastAPI:
    """Return the application."""
    app = create_app(
        settings,
        name="portal",
        title="政数门户",
        description="网页:公众查找与下载开放数据,工作人员登录办理待办事项。",
        routers=(
            open_data.router,
            signin.router,
            todos.router,
            compiling.router,
            imports.router,
            batches.router,
            catalogue.router,
            applying.router,
            prints.router,
            parked.router,
            things.router,
        ),
        on_start=open_client,
        on_stop=close_client,
    )
    app.mount("/static", StaticFiles(directory=pages.FOLDER / "static"), name="static")
    pages.install(app)
    pages.share(kinds=KINDS, import_read=Action.IMPORT_READ, parked_read=Action.PARKED_READ)
    return app


async def open_client(resources: Resources) -> None:
    """Open the public API as an anonymous visitor would."""
    settings = resources.settings
    assert isinstance(settings, PortalSettings)
    resources.extra["node"] = Client(settings.gateway_url)
    resources.extra["desk"] = Desk(settings.gateway_url)


async def close_client(resources: Resources) -> None:
    """Give the connections back."""
    desk: Desk | None = resources.extra.pop("desk", None)
    if desk is not None:
        desk.close()
    node: Client | None = resources.extra.pop("node", None)
    if node is not None:
        node.close()
