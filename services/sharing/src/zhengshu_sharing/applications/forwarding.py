"""What of an application goes to the Commission. The caller owns the transaction and the lock."""

from zhengshu_contracts.commission import (
    ApplicationFiling,
    AttachmentDigest,
    DispatchKind,
    OpinionFiling,
)

from zhengshu_sharing.applications.domain import Application, Part
from zhengshu_sharing.unit import Unit

ENDORSED = "同意转报"
"""How the timeline calls the competent department's endorsement."""


async def forward(
    unit: Unit,
    application: Application,
    part: Part,
    *,
    endorsement: str | None = None,
    opinion: OpinionFiling | None = None,
) -> None:
    """Open the dispatch of a part, with the endorsement and what its provider said already."""
    dataset = (await unit.datasets.published([part.dataset])).get(part.dataset)
    terms = application.terms
    filing = ApplicationFiling(
        application=application.id,
        number=application.number,
        part=part.id,
        applicant=application.organization,
        applicant_name=await unit.datasets.name_of(application.organization),
        provider=part.provider,
        dataset=part.dataset,
        municipal_code=dataset.municipal_code if dataset else None,
        items=list(part.items),
        modes=list(part.modes),
        filter=part.filter,
        basis=terms.basis,
        scenario=terms.scenario,
        scope=terms.scope,
        purpose=terms.purpose,
        until=terms.until,
        quota=part.quota,
        endorsement=endorsement or await _endorsement(unit, application.id),
        consent=terms.consent,
        attachments=await _attachments(unit, application.id),
        provider_opinion=opinion,
    )
    unit.dispatches.open(DispatchKind.APPLICATION, part.id, filing)


async def _attachments(unit: Unit, application: str) -> tuple[AttachmentDigest, ...]:
    files = (await unit.attachments.of_cases([application])).get(application, [])
    return tuple(
        AttachmentDigest(
            id=one.id, name=one.name, media=one.media, size=one.size, digest=one.digest
        )
        for one in files
    )


async def _endorsement(unit: Unit, application: str) -> str:
    steps = (await unit.applications.timelines([application])).get(application, [])
    return next((step.opinion for step in reversed(steps) if step.what == ENDORSED), "")
