"""Every kind of thing that has a list, a detail and acts, by its place under `/my/`."""

from zhengshu_portal.kinds import registers, sharing
from zhengshu_portal.kinds.shape import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        sharing.NOTICES,
        sharing.APPLICATIONS,
        sharing.OPINIONS,
        sharing.GRANTS,
        sharing.CORRECTIONS,
        sharing.OBJECTIONS,
        sharing.DISPUTES,
        sharing.DEMANDS,
        sharing.USAGE,
        sharing.PROPOSALS,
        registers.CLIENTS,
        registers.SYSTEMS,
        registers.STATEMENTS,
        registers.VENDORS,
        registers.THEMES,
        registers.LEGACY,
    )
}
