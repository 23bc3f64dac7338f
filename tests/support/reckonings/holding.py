"""Rows and versions: the typed tables, the Commission's copy, what others know of them, what was pushed."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from support.diary import Diary
from support.evidence import Evidence, Row
from support.reckonings.classes import shareable
from zhengshu_contracts.catalog import DatasetUpdated

UPDATED = DatasetUpdated.subject.replace("{audience}", "*").replace("{dataset}", "*")
Numbered = defaultdict[tuple[str, int], list[tuple[int, str]]]
NUMERIC = {"I", "N", "Y"}


def versions(evidence: Evidence) -> Iterator[str]:
    """Versions run 1, 2, 3 …; each has one batch and one event, told in order."""
    told, made = _told(evidence), _made(evidence)
    for where in made.keys() | told.keys():
        if [number for number, _ in made[where]] != list(range(1, len(made[where]) + 1)):
            yield f"{where}: versions {made[where]}"
        if made[where] != told[where]:
            yield f"{where}: made {made[where]}, events tell of {told[where]}"
    for dataset in evidence.table("catalog", "datasets"):
        if dataset["version"] != len(made[dataset["id"], dataset["epoch"]]):
            yield f"{dataset['id']} is at {dataset['version']}, which is not its number of batches"


def uploads(evidence: Evidence) -> Iterator[str]:
    """The Commission holds the newest version of what it knows and may have, row by row."""
    known = {row["id"] for row in evidence.table("catalog", "entries") if row["municipal_code"]}
    holdings = {row["dataset"]: row for row in evidence.table("commission", "holdings")}
    held = defaultdict(list)
    for row in evidence.table("commission", "held_rows"):
        held[row["dataset"]].append(row["row"])
    for dataset in evidence.table("catalog", "datasets"):
        name, shown = dataset["id"], shareable(dataset)
        if dataset["rows"] != len(evidence.rows[name]):
            yield f"{name} counts {dataset['rows']} rows and has {len(evidence.rows[name])}"
        if shown and name in known and dataset["version"]:
            yield from _arrears(dataset, holdings.get(name, {}))
            own = [{k: row[k] for k in row if k in shown} for row in evidence.rows[name]]
            yield from unlike(name, own, "table", held[name], "Commission")


def copies(evidence: Evidence) -> Iterator[str]:
    """Sharing and opening know what catalog has published; what is open is up to date."""
    datasets = {row["id"]: row for row in evidence.table("catalog", "datasets")}
    copied = {
        name: {row["id"]: row for row in evidence.table(name, "datasets")}
        for name in ("sharing", "opening")
    }
    for entry in evidence.table("catalog", "entries"):
        if entry["state"] == "published":
            yield from _miscopied(entry, copied["sharing"].get(entry["id"], {}), "municipal_code")
            if entry["origin"] == "county":
                copy = copied["opening"].get(entry["id"], {})
                yield from _miscopied(entry, copy, "registration")
                if place(copy) != place(datasets[entry["id"]]):
                    yield f"opening has {entry['id']} at {place(copy)}"
    for listing in evidence.table("opening", "listings"):
        wanted = place(datasets[listing["dataset"]])
        if listing["state"] == "listed" and place(listing) != wanted:
            yield f"{listing['dataset']} is open at {place(listing)}, not {wanted}"


def pushes(evidence: Evidence, diary: Diary) -> Iterator[str]:
    """Every push was taken once, as it was answered; the typed tables hold what was pushed."""
    datasets = {row["id"]: row for row in evidence.table("catalog", "datasets")}
    for name in diary.keys:
        taken = {
            row["id"]: (row["epoch"], row["version"])
            for row in evidence.table("catalog", "batches")
            if row["dataset"] == name
        }
        told = {
            each.batch: each.place if each.version else (None, None)
            for each in diary.pushed
            if each.dataset == name
        }
        for batch in taken.keys() | told.keys():
            if taken.get(batch) != told.get(batch):
                yield f"batch {batch} of {name} is {taken.get(batch)}, told as {told.get(batch)}"
        numeric = {item["name"] for item in datasets[name]["items"] if item["type"] in NUMERIC}
        pushed = [_typed(row, numeric) for row in diary.rows(name).values()]
        yield from unlike(name, evidence.rows[name], "table", pushed, "pushes")


def place(row: Row) -> tuple[int | None, int | None]:
    """Return the version a row tells of; none before the first."""
    return (row.get("epoch"), row.get("version")) if row.get("version") else (None, None)


def unlike(name: str, one: list[Row], first: str, other: list[Row], second: str) -> Iterator[str]:
    """Compare two bags of rows."""
    here, there = _bag(one), _bag(other)
    for rows, where in ((here - there, first), (there - here, second)):
        for row in list(rows)[:3]:
            yield f"{name}: {rows[row]} row(s) only in the {where}: {row}"


def _told(evidence: Evidence) -> Numbered:
    """Return the versions of each dataset and epoch in the order in which events tell of them."""
    found: Numbered = defaultdict(list)
    for message in evidence.events:
        if fnmatchcase(message.subject, UPDATED):
            data = message.event["data"]
            found[data["dataset"], data["epoch"]].append((data["version"], data["batch"]))
    return found


def _made(evidence: Evidence) -> Numbered:
    """Return the versions of each dataset and epoch by number, from the batches that made them."""
    found: Numbered = defaultdict(list)
    for batch in evidence.table("catalog", "batches"):
        if batch["version"]:
            found[batch["dataset"], batch["epoch"]].append((batch["version"], batch["id"]))
    for numbered in found.values():
        numbered.sort()
    return found


def _arrears(dataset: Row, holding: Row) -> Iterator[str]:
    held = (holding.get("epoch"), holding.get("to"))
    if held != place(dataset) or dataset["acknowledged"] != dataset["version"]:
        yield (
            f"{dataset['id']} is at {place(dataset)}, the Commission at {held},"
            f" acknowledged up to {dataset['acknowledged']}"
        )
    if dataset["uploading"]:
        yield f"{dataset['id']} is being uploaded by {dataset['uploading']}"


def _miscopied(entry: Row, copy: Row, *more: str) -> Iterator[str]:
    for member in ("revision", *more):
        if copy.get(member) != entry[member]:
            yield f"a copy of {entry['id']} has {member} {copy.get(member)}, not {entry[member]}"


def _bag(rows: list[Row]) -> Counter[str]:
    return Counter(
        json.dumps({k: _plain(v) for k, v in row.items()}, sort_keys=True, ensure_ascii=False)
        for row in rows
    )


def _typed(row: Row, numeric: set[str]) -> Row:
    """Read a pushed row's texts as the types of its items; an empty field is no value."""
    return {
        name: None if value == "" else Decimal(value) if name in numeric else value
        for name, value in row.items()
    }


def _plain(value: Any) -> Any:
    """Write equal numbers alike."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            return f"{Decimal(str(value)).normalize():f}"
        except InvalidOperation:
            return str(value)
    return value
