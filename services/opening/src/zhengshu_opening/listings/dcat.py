"""The public catalogue as DCAT 3 in JSON-LD. Pure: listings in, a document out."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

from zhengshu_contracts.opening import ListingOut, OpenFile
from zhengshu_contracts.vocabulary import OpeningClass, UpdateCycle

Node: TypeAlias = dict[str, Any]

CONTEXT: Node = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
MEDIA_TYPES = {"csv": "text/csv", "json": "application/json"}
_RIGHTS = "http://publications.europa.eu/resource/authority/access-right/"
_FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/"
_CYCLES = {
    UpdateCycle.REALTIME: "UPDATE_CONT",
    UpdateCycle.DAILY: "DAILY",
    UpdateCycle.WEEKLY: "WEEKLY",
    UpdateCycle.TENDAY: "MONTHLY_3",
    UpdateCycle.MONTHLY: "MONTHLY",
    UpdateCycle.QUARTERLY: "QUARTERLY",
    UpdateCycle.YEARLY: "ANNUAL",
    UpdateCycle.IRREGULAR: "IRREG",
}


def catalog(listings: Iterable[ListingOut], *, base: str, title: str) -> Node:
    """Describe every listing; `base` is the public address without a slash at its end."""
    datasets = [_dataset(listing, base) for listing in listings]
    return {
        "@context": CONTEXT,
        "@id": f"{base}/v1/open/catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _chinese(title),
        "dct:language": "zh",
        "dcat:dataset": datasets,
    }


def _dataset(listing: ListingOut, base: str) -> Node:
    rights = "PUBLIC" if listing.opening is OpeningClass.GENERAL else "RESTRICTED"
    node = {
        "@id": f"{base}/v1/open/datasets/{listing.id}",
        "@type": "dcat:Dataset",
        "dct:identifier": listing.id,
        "dct:title": _chinese(listing.title),
        "dct:description": _chinese(listing.abstract),
        "dct:publisher": _publisher(listing),
        "dct:license": {"@type": "dct:LicenseDocument", "rdfs:label": _chinese(listing.licence)},
        "dct:accessRights": {"@id": _RIGHTS + rights},
        "dct:accrualPeriodicity": {"@id": _FREQUENCY + _CYCLES[listing.update_cycle]},
        "dct:issued": _moment(listing.listed_at),
        "dct:modified": _moment(listing.updated_at),
        "dcat:version": listing.version,
        "dcat:keyword": [_chinese(item.title) for item in listing.items],
        "dcat:distribution": [_distribution(listing, file, base) for file in listing.files],
    }
    return {name: value for name, value in node.items() if value is not None}


def _publisher(listing: ListingOut) -> Node:
    return {
        "@id": f"urn:uscc:{listing.provider}",
        "@type": "foaf:Agent",
        "foaf:name": _chinese(listing.provider_name),
        "dct:identifier": listing.provider,
    }


def _distribution(listing: ListingOut, file: OpenFile, base: str) -> Node:
    """Authorised files have no download address for everybody, only one to ask for access."""
    node: Node = {
        "@id": base + file.href,
        "@type": "dcat:Distribution",
        "dct:title": _chinese(f"{listing.title}({file.format.upper()})"),
        "dcat:mediaType": {
            "@id": f"https://www.iana.org/assignments/media-types/{MEDIA_TYPES[file.format]}"
        },
        "dcat:byteSize": {"@value": str(file.bytes), "@type": "xsd:nonNegativeInteger"},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@value": file.digest, "@type": "xsd:hexBinary"},
        },
    }
    if listing.opening is OpeningClass.GENERAL:
        download = {"@id": base + file.href}
        return node | {"dcat:downloadURL": download, "dcat:accessURL": download}
    return node | {"dcat:accessURL": {"@id": f"{base}/v1/open/applications"}}


def _chinese(text: str) -> Node:
    return {"@value": text, "@language": "zh"}


def _moment(at: datetime | None) -> Node | None:
    return {"@value": at.isoformat(), "@type": "xsd:dateTime"} if at else None
