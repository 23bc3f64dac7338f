"""A list takes as many statements however long it is."""

from typing import Any

from sharing.cast import CIVIL_OFFICER, COMPETENT_OFFICER, MARKET_OFFICER, Sharing
from support.statements import statements_of
from zhengshu_contracts.roles import Action

LISTS = [
    ("/v1/applications", "applications", Action.APPLICATION_READ, MARKET_OFFICER),
    ("/v1/applications", "applications", Action.APPLICATION_READ, COMPETENT_OFFICER),
    ("/v1/grants", "grants", Action.GRANT_READ, MARKET_OFFICER),
    ("/v1/grants", "grants", Action.GRANT_READ, CIVIL_OFFICER),
]


async def costs(sharing: Sharing) -> list[tuple[int, int]]:
    """How long each list is, and how many statements it takes."""
    found = []
    for path, member, action, who in LISTS:

        async def ask(path: str = path, action: Action = action, who: Any = who) -> Any:
            return (await sharing.call(who, action, "GET", path)).json()

        answer, statements = await statements_of(ask)
        found.append((len(answer[member]), statements))
    return found


async def test_a_list_takes_as_many_statements_however_long_it_is(sharing: Sharing) -> None:
    await sharing.granted()
    before = await costs(sharing)
    for _ in range(3):
        await sharing.granted()
    after = await costs(sharing)
    assert all(new > old for (old, _), (new, _) in zip(before, after, strict=True))
    assert [count for _, count in after] == [count for _, count in before]
