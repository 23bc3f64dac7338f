"""Applications as callers see them."""

from collections.abc import Sequence

from zhengshu_contracts.sharing import ApplicationOut, PartOut, Step

from zhengshu_sharing.applications.domain import Application, Part
from zhengshu_sharing.attachments import operations as attachments
from zhengshu_sharing.attachments.tables import AttachmentRow
from zhengshu_sharing.clocks.domain import Clock
from zhengshu_sharing.clocks.views import deadline
from zhengshu_sharing.unit import Unit


async def shown(unit: Unit, applications: Sequence[Application]) -> list[ApplicationOut]:
    """Return applications with their timelines and due dates."""
    timelines = await unit.applications.timelines(one.id for one in applications)
    clocks = await unit.clocks.next_due(one.id for one in applications)
    files = await unit.attachments.of_cases(one.id for one in applications)
    return [
        _application(one, timelines.get(one.id, []), clocks.get(one.id), files.get(one.id, []))
        for one in applications
    ]


async def one(unit: Unit, application: Application) -> ApplicationOut:
    """Return one application."""
    return (await shown(unit, [application]))[0]


def _application(
    application: Application, timeline: list[Step], clock: Clock | None, files: list[AttachmentRow]
) -> ApplicationOut:
    terms = application.terms
    return ApplicationOut(
        id=application.id,
        number=application.number,
        organization=application.organization,
        basis=terms.basis,
        scenario=terms.scenario,
        scope=terms.scope,
        purpose=terms.purpose,
        until=terms.until,
        renews=application.renews,
        state=application.state,
        state_label=application.state.label,
        parts=[_part(part) for part in application.parts],
        timeline=timeline,
        attachments=[attachments.shown(file) for file in files],
        submitted_at=application.submitted_at,
        **deadline(clock),
    )


def _part(part: Part) -> PartOut:
    return PartOut(
        id=part.id,
        dataset=part.dataset,
        title=part.title,
        provider=part.provider,
        sharing=part.sharing,
        items=list(part.items),
        modes=list(part.modes),
        filter=part.filter,
        quota=part.quota,
        state=part.state,
        state_label=part.state.label,
        reason=part.reason,
        grant=part.grant,
    )
