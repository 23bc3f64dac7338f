"""Row filters of applications and decisions: conditions of the row grammar on items that may be shared."""

from zhengshu_chassis.rows import BadQuery, Query, Sql, Table, parse
from zhengshu_contracts.vocabulary import SQL_TYPES, SharingClass

from zhengshu_sharing.applications.errors import FilterNotAllowed
from zhengshu_sharing.datasets.domain import Dataset

SHAREABLE = (SharingClass.UNCONDITIONAL, SharingClass.CONDITIONAL)


def check_filter(text: str, dataset: Dataset) -> None:
    """Refuse what is no row filter of a dataset, or would fail at every read under it.

    It may name items that are not applied for, but none that is withheld: it would tell.
    """
    names = dataset.names(*SHAREABLE)
    try:
        query = parse(text)
        if not query.where or query != Query(where=query.where):
            raise FilterNotAllowed(
                dataset.id, "只能包含行条件,不能包含 select、order、limit、offset"
            )
        if hidden := sorted(query.columns() - names):
            raise FilterNotAllowed(dataset.id, f"不能用作条件的信息项:{'、'.join(hidden)}")
        types = {item.name: SQL_TYPES[item.type] for item in dataset.items if item.name in names}
        Table(types).where(query.where, Sql())
    except BadQuery as error:
        raise FilterNotAllowed(dataset.id, error.detail) from error
