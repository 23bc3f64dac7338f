"""A list takes as many statements however long it is."""

from opening.world import SCHOOLS, Export, World, item
from support.statements import statements_of
from zhengshu_contracts.vocabulary import OpeningClass

MORE = ("303084122705-000001", "303084122706-000001", "303084122707-000001")
ITEMS = (item("code", "代码", OpeningClass.GENERAL),)


async def test_the_catalogue_takes_as_many_statements_however_long_it_is(world: World):
    costs = []
    for dataset in (SCHOOLS, *MORE):
        world.exports(dataset, Export([{"code": "1"}]))
        await world.listed(dataset, items=ITEMS, title=f"名录{dataset}")
        answer, statements = await statements_of(world.search)
        costs.append((len(answer["datasets"]), statements))
    assert [length for length, _ in costs] == [1, 2, 3, 4]
    assert len({statements for _, statements in costs}) == 1
