"""The use of unconditional items, registered: granted at once on the provider office's standing consent.

Decree 809 Art. 21 gives the provider one working day; a standing consent answers within the request.
The caller owns the transaction.
"""

from dataclasses import replace
from datetime import datetime

from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import SharingClass

from zhengshu_sharing.applications.domain import Application, Award, Part
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.grants import operations as grants
from zhengshu_sharing.settings import Unconditional
from zhengshu_sharing.unit import Unit

AT_ONCE = "无条件共享,直接授权"
REGISTERED = "无条件共享,依提供单位共享工作机构的常设同意登记使用,即时授权"


def answer(unit: Unit) -> str:
    """Return how the timeline calls what happens to an unconditional part."""
    return AT_ONCE if unit.settings.unconditional is Unconditional.DIRECT else REGISTERED


async def register(unit: Unit, application: Application, *, now: datetime) -> Application:
    """Leave a grant of every unconditional part, where the county wants their use registered."""
    if unit.settings.unconditional is Unconditional.DIRECT:
        return application
    for part in application.parts:
        if part.sharing is SharingClass.UNCONDITIONAL:
            application = await _grant(unit, application, part, now=now)
    return application


async def _grant(unit: Unit, application: Application, part: Part, *, now: datetime) -> Application:
    term = Term.REPLY_UNCONDITIONAL
    await clocks.start(unit, term, part.id, case=application.id, party=part.provider, now=now)
    award = Award(part.items, application.terms.until, modes=part.modes)
    # A renewal is of what the Commission granted: its own part follows that.
    grant = await grants.activate(unit, replace(application, renews=None), part, award, now=now)
    await clocks.stop(unit, part.id, now=now)
    changed = application.with_part(replace(part, grant=grant.id))
    await unit.applications.save(changed)
    return changed
