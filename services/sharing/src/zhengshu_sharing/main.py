"""Puts sharing together; the only module that knows all others."""

from fastapi import FastAPI
from zhengshu_chassis.app import create_app
from zhengshu_chassis.consumers import Consumers
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import every

from zhengshu_sharing.annual import api as annual
from zhengshu_sharing.annual import timers as years
from zhengshu_sharing.applications import api as applications
from zhengshu_sharing.attachments import api as attachments
from zhengshu_sharing.attachments import operations as files
from zhengshu_sharing.changes import api as changes
from zhengshu_sharing.clocks import api as running
from zhengshu_sharing.clocks import consumers as reviews
from zhengshu_sharing.clocks import timers as clocks
from zhengshu_sharing.corrections import api as corrections
from zhengshu_sharing.datasets import consumers as datasets
from zhengshu_sharing.demands import api as demands
from zhengshu_sharing.disputes import api as disputes
from zhengshu_sharing.exchange import desk
from zhengshu_sharing.forms import api as forms
from zhengshu_sharing.grants import api as grants
from zhengshu_sharing.grants import consumers as orders
from zhengshu_sharing.grants import timers
from zhengshu_sharing.notices import api as notices
from zhengshu_sharing.objections import api as objections
from zhengshu_sharing.opinions import api as opinions
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.todos import api as todos
from zhengshu_sharing.unit import SERVICE, units
from zhengshu_sharing.usage import api as usage
from zhengshu_sharing.usage import timers as records

HOUR = 3600.0


def build(settings: SharingSettings) -> FastAPI:
    """Build the application."""

    async def start(resources: Resources) -> None:
        resources.extra[files.STORE] = files.open_store(settings.store_url)

    consumers = Consumers(SERVICE, unit=units(settings))
    datasets.register(consumers)
    orders.register(consumers)
    reviews.register(consumers)
    return create_app(
        settings,
        name=SERVICE,
        title="政数·共享",
        description="共享申请、提供单位意见、授权、校核、争议、共享属性异议、供需对接与使用记录。",
        routers=[
            one.router
            for one in (
                applications,
                attachments,
                forms,
                opinions,
                grants,
                corrections,
                disputes,
                objections,
                demands,
                changes,
                annual,
                usage,
                notices,
                running,
                todos,
            )
        ],
        consumers=consumers,
        desk=desk(settings),
        heartbeat=True,
        on_start=start,
        workers={
            "expiry": every(settings.expiry_interval, timers.expiry(settings)),
            "attachments": every(HOUR, files.sweep(settings)),
            "expiring": every(HOUR, timers.expiring(settings)),
            "clocks": every(HOUR, clocks.recount(settings)),
            "annual": every(HOUR, years.season(settings)),
            "usage": every(24 * HOUR, records.purge(settings)),
            "reminders": every(HOUR, clocks.remind(settings)),
        },
    )
