"""A list takes as many statements however long it is."""

from catalog.harness import ADMINISTRATOR, CIVIL, EDUCATION, Catalog, officer, reviewer
from support.statements import statements_of

MORE = 4


async def grow(catalog: Catalog, number: int) -> None:
    """One more of everything that is listed below."""
    await catalog.published(title=f"条目{number}")
    owner = {"organization": CIVIL if number % 2 else EDUCATION}
    for path, body in (
        ("/v1/systems", owner | {"name": f"系统{number}"}),
        ("/v1/officers", owner | {"name": f"人员{number}", "roles": ["data_officer"]}),
    ):
        await catalog.done("POST", path, body, by=ADMINISTRATOR)


LISTS = [
    ("/v1/entries", "entries", reviewer()),
    ("/v1/entries", "entries", officer()),
    ("/v1/entries?q=条目", "entries", officer()),
    ("/v1/organizations", "organizations", officer()),
    ("/v1/systems", "systems", ADMINISTRATOR),
]


async def costs(catalog: Catalog) -> list[tuple[int, int]]:
    """How long each list is, and how many statements it takes."""
    found = []
    for path, member, by in LISTS:

        async def ask(path: str = path, by=by):
            return await catalog.done("GET", path, by=by)

        answer, statements = await statements_of(ask)
        found.append((len(answer[member]), statements))
    return found


async def test_a_list_takes_as_many_statements_however_long_it_is(catalog: Catalog):
    await grow(catalog, 0)
    before = await costs(catalog)
    for number in range(1, 1 + MORE):
        await grow(catalog, number)
    after = await costs(catalog)
    grown = [new - old for (old, _), (new, _) in zip(before, after, strict=True)]
    assert grown == [MORE, MORE, MORE, 0, MORE]
    assert [count for _, count in after] == [count for _, count in before]


async def test_the_count_notices_a_statement_for_each(catalog: Catalog):
    for number in range(3):
        await grow(catalog, number)
    listed = (await catalog.done("GET", "/v1/entries", by=officer()))["entries"]

    async def one_by_one():
        return [
            await catalog.done("GET", f"/v1/entries/{each['id']}", by=officer()) for each in listed
        ]

    found, statements = await statements_of(one_by_one)
    assert statements >= len(found) == 3
