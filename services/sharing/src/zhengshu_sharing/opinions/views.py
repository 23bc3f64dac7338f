"""Opinions as callers see them: with everything of the application that the provider judges."""

from collections.abc import Sequence

from zhengshu_contracts.sharing import OpinionOut

from zhengshu_sharing.applications.domain import Application, Part
from zhengshu_sharing.attachments import operations as attachments
from zhengshu_sharing.clocks.views import deadline, extension
from zhengshu_sharing.opinions.domain import Opinion
from zhengshu_sharing.unit import Unit


async def shown(unit: Unit, opinions: Sequence[Opinion]) -> list[OpinionOut]:
    """Return opinions, each with its part of the application, its evidence and its due day."""
    parts = await unit.applications.parts(one.part for one in opinions)
    clocks = await unit.clocks.of_matters(one.id for one in opinions)
    asked = await unit.clocks.extensions(clock.id for clock in clocks.values())
    found = []
    for one in opinions:
        clock = clocks.get(one.id)
        bare = await _opinion(unit, one, *parts[one.part])
        row = asked.get(clock.id) if clock else None
        timed = deadline(clock) | {"extension": extension(row)}
        found.append(bare.model_copy(update=timed))
    return await _with_cases(unit, found)


async def _with_cases(unit: Unit, found: list[OpinionOut]) -> list[OpinionOut]:
    """Add the attachments, and those steps of the timeline that are the part's or the whole case's."""
    cases = {one.application for one in found}
    files = await unit.attachments.of_cases(cases)
    timelines = await unit.applications.timelines(cases)
    return [
        one.model_copy(
            update={
                "attachments": [attachments.shown(file) for file in files.get(one.application, [])],
                "timeline": [
                    each
                    for each in timelines.get(one.application, [])
                    if each.part in {None, one.part}
                ],
            }
        )
        for one in found
    ]


async def _opinion(
    unit: Unit, opinion: Opinion, application: Application, part: Part
) -> OpinionOut:
    terms = application.terms
    return OpinionOut(
        id=opinion.id,
        part=part.id,
        application=application.id,
        number=application.number,
        dataset=part.dataset,
        title=part.title,
        provider=part.provider,
        applicant=application.organization,
        applicant_name=await unit.datasets.name_of(application.organization),
        items=list(part.items),
        modes=list(part.modes),
        filter=part.filter,
        wished_quota=part.quota,
        basis=terms.basis,
        scenario=terms.scenario,
        scope=terms.scope,
        purpose=terms.purpose,
        until=terms.until,
        consent=terms.consent,
        renews=application.renews,
        state=opinion.state,
        state_label=opinion.state.label,
        requested_at=opinion.requested_at,
        ground=opinion.ground,
        reason=opinion.reason,
        masks=list(opinion.masks),
        quota=opinion.quota,
    )
