"""Which columns somebody may see, told from classes and grants alone, with no word of the policy's code."""

from support.evidence import Evidence, Row

ANY = "any"
OPEN_RULES = {"open-general", "open-authorized", "opening-system-export"}


def shareable(dataset: Row) -> set[str]:
    """Return the items that may leave the node at all."""
    return {item["name"] for item in dataset["items"] if item["sharing"] != "withheld"}


def by_rule(evidence: Evidence, dataset: Row, access: Row) -> set[str]:
    """Return the columns that the rule which decided an access may give; a rule nobody knows gives none."""
    rule, everything = access["rule"], {item["name"] for item in dataset["items"]}
    if rule == "upload":
        return shareable(dataset)
    if rule in OPEN_RULES:
        opened = {item["name"] for item in dataset["items"] if item["opening"] != "closed"}
        return opened & shareable(dataset)
    if rule == "provider-own-rows":
        return everything if provider(evidence, dataset) == access["organization"] else set()
    if rule in {"unconditional", "granted"}:
        return free(dataset) | granted(evidence, dataset, access["organization"], access["grant"])
    return set()


def free(dataset: Row) -> set[str]:
    """Return the items that every department may see."""
    return {item["name"] for item in dataset["items"] if item["sharing"] == "unconditional"}


def granted(
    evidence: Evidence, dataset: Row, organization: str | None, grant: str | None = ANY
) -> set[str]:
    """Return the items of an organisation's grant on a dataset, or of all it ever held."""
    return {
        item
        for row in evidence.table("sharing", "grants")
        if (row["holder"], row["dataset"]) == (organization, dataset["id"])
        and grant in {ANY, row["id"]}
        for item in row["items"]
    }


def provider(evidence: Evidence, dataset: Row) -> str:
    """Return who provides a dataset."""
    entries = {entry["id"]: entry for entry in evidence.table("catalog", "entries")}
    return str(entries[dataset["id"]]["provider"])


def ever(evidence: Evidence, dataset: Row, organization: str | None) -> set[str]:
    """Return the columns that an organisation may see, or might at some time."""
    if provider(evidence, dataset) == organization:
        return {item["name"] for item in dataset["items"]}
    return free(dataset) | granted(evidence, dataset, organization)
