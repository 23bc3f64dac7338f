"""Every kind of thing that has a list, a detail and acts, by its place under `/my/`."""

from zhengshu_portal.kinds import matters, registers, sharing
from zhengshu_portal.kinds.shape import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        sharing.NOTICES,
        sharing.CLOCKS,
        sharing.APPLICATIONS,
        sharing.OPINIONS,
        sharing.GRANTS,
        matters.CORRECTIONS,
        matters.OBJECTIONS,
        matters.DISPUTES,
        matters.DEMANDS,
        matters.BASIS_CHANGES,
        matters.ANNUAL_REPORTS,
        matters.USAGE,
        sharing.PROPOSALS,
        registers.CLIENTS,
        registers.SYSTEMS,
        registers.STATEMENTS,
        registers.VENDORS,
        registers.THEMES,
        registers.LEGACY,
    )
}
