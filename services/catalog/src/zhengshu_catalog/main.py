"""Composition root of catalog: the only module that knows all others."""

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.app import create_app
from zhengshu_chassis.consumers import Consumers
from zhengshu_chassis.dispatch import Desk
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.supervision import every

from zhengshu_catalog.aggregation import api as aggregation
from zhengshu_catalog.aggregation import later, push_api, quality, reader, reconciling, uploads
from zhengshu_catalog.aggregation.direct import Shortcut
from zhengshu_catalog.credentials import api as credentials
from zhengshu_catalog.credentials.errors import SubjectTaken
from zhengshu_catalog.entries import api as entries
from zhengshu_catalog.entries import callbacks as entry_callbacks
from zhengshu_catalog.entries import mending
from zhengshu_catalog.extensions import api as extensions
from zhengshu_catalog.grants import consumers as grants
from zhengshu_catalog.imports import api as imports
from zhengshu_catalog.imports import review_api as import_reviews
from zhengshu_catalog.legacy import api as legacy
from zhengshu_catalog.municipal import api as municipal
from zhengshu_catalog.officers import api as officers
from zhengshu_catalog.officers import operations as standing
from zhengshu_catalog.organizations import api as organizations
from zhengshu_catalog.organizations import clients_api as clients
from zhengshu_catalog.organizations.errors import CompetentDepartmentExists
from zhengshu_catalog.settings import CatalogSettings
from zhengshu_catalog.signin import api as signin
from zhengshu_catalog.signin.errors import AccountTaken
from zhengshu_catalog.sources import api as sources
from zhengshu_catalog.suspensions import api as suspensions
from zhengshu_catalog.systems import api as systems
from zhengshu_catalog.themes import api as themes
from zhengshu_catalog.vendors import api as vendors
from zhengshu_catalog.vendors import operations as entrusting

DESCRIPTION = "登记单位与业务系统,编制和发布目录,汇聚数据。"


def desk() -> Desk:
    """Tell who applies which answer of the Commission."""
    made = Desk("catalog", unit=lambda session: session)
    entry_callbacks.register(made)
    made.on_callback("acknowledgement")(uploads.acknowledge)
    made.on_callback("reconciliation")(reconciling.compare)
    return made


def consumers() -> Consumers[AsyncSession]:
    """Tell what catalog learns of others."""
    made = Consumers[AsyncSession]("catalog", unit=lambda session: session)
    grants.register(made)
    return made


async def _start(resources: Resources) -> None:
    push_api.start(resources)
    await reader.start(resources)


async def _stop(resources: Resources) -> None:
    await reader.stop(resources)
    await push_api.stop(resources)


def build(settings: CatalogSettings) -> FastAPI:
    """Put catalog together."""
    app = create_app(
        settings,
        name="catalog",
        title="目录与汇聚",
        description=DESCRIPTION,
        routers=[
            aggregation.router,  # the most used first: routes are tried in turn
            organizations.router,
            officers.router,
            clients.router,
            vendors.router,
            systems.router,
            credentials.router,
            signin.router,
            entries.router,
            suspensions.router,
            themes.router,
            legacy.router,
            imports.router,
            import_reviews.router,
            extensions.router,
            sources.router,
            entries.municipal,
            municipal.router,
        ],
        desk=desk(),
        consumers=consumers(),
        heartbeat=True,
        workers={
            "pushes": every(1.0, later.take_waiting),
            "refusals": every(3600.0, later.forget_refused),
            "vendors": every(entrusting.EVERY, entrusting.expire),
            "mending": every(mending.EVERY, mending.look),
            "deputies": every(standing.EVERY, standing.keep_dates),
            "quality": every(30.0, quality.measure_all),
            "reconciliations": every(2.0, reconciling.count_waiting),
        },
        on_start=_start,
        on_stop=_stop,
        constraints={
            "uq_organizations_competent": CompetentDepartmentExists,
            "uq_accounts_name": AccountTaken,
            "uq_client_subjects_subject": SubjectTaken,
        },
    )
    served = app.router.middleware_stack
    app.router.middleware_stack = Shortcut(aggregation.reads, "/v1/datasets/{dataset}/rows", served)
    return app
