"""Issuing a form and finding it again. The caller owns the transaction."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import FormCheck, FormIn, FormOut, FormPart

from zhengshu_sharing.access import sees
from zhengshu_sharing.applications import operations as applications
from zhengshu_sharing.applications import views
from zhengshu_sharing.applications.domain import Application
from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.forms import pages
from zhengshu_sharing.forms.errors import FormNotFound
from zhengshu_sharing.unit import Unit

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What nobody misreads on paper."""
GROUPS = 3


async def issue(
    unit: Unit, application: str, wish: FormIn, *, by: Principal, now: datetime
) -> FormOut:
    """Issue a form of a case as it stands, under a code of its own."""
    found = await applications.read(unit, application, by=by)
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(GROUPS))
    shown = await views.one(unit, found)
    providers = {part.provider for part in found.parts}
    datasets = await unit.datasets.published(part.dataset for part in found.parts)
    html = pages.page(
        wish.kind,
        shown,
        found,
        code=code,
        applicant=await unit.datasets.name_of(found.organization),
        providers={one: await unit.datasets.name_of(one) for one in providers},
        datasets=datasets,
        granted=await _granted(unit, found, datasets),
        now=now,
    )
    await unit.forms.add(
        code=code,
        application=application,
        kind=wish.kind,
        issued_by=by.id,
        issued_at=now,
        html=html,
    )
    return FormOut(kind=wish.kind, code=code, number=found.number, issued_at=now)


async def verify(unit: Unit, code: str, number: str) -> FormCheck:
    """Tell whoever holds a paper, with its number and code, that it was issued here, and for what."""
    form = await unit.forms.get(code.strip().upper())
    case = await unit.applications.get(form.application)
    if bare(number) != bare(case.number):
        raise FormNotFound(code)
    datasets = await unit.datasets.published(part.dataset for part in case.parts)
    granted = await _granted(unit, case, datasets)
    return FormCheck(
        kind=form.kind,
        code=form.code,
        number=case.number,
        issued_at=form.issued_at,
        applicant=await unit.datasets.name_of(case.organization),
        submitted_at=case.submitted_at,
        parts=[
            FormPart(
                title=part.title,
                provider=await unit.datasets.name_of(part.provider),
                items=pages.titles(datasets.get(part.dataset), part.items),
                modes=list(part.modes),
                filter=part.filter,
                state_label=part.state.label,
                granted=granted.get(part.id),
            )
            for part in case.parts
        ],
    )


async def _granted(
    unit: Unit, case: Application, datasets: Mapping[str, Dataset]
) -> dict[str, str]:
    """Return what was granted of each part of which something was."""
    return {
        part.id: pages.given(await unit.grants.get(part.grant), datasets.get(part.dataset))
        for part in case.parts
        if part.grant is not None
    }


def bare(number: str) -> str:
    """Return a number as it compares: spaces are lost when it is typed from paper."""
    return "".join(number.split())


async def read(unit: Unit, code: str, *, by: Principal) -> str:
    """Return a form as it was issued, to those whom its case concerns."""
    form = await unit.forms.get(code)
    case = await unit.applications.get(form.application)
    if not sees(by, case.organization, *(part.provider for part in case.parts)):
        raise FormNotFound(code)
    return form.html
