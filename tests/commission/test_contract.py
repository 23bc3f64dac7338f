"""Every operation of the contract is driven against the stand-in, and both ways held against its document."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from commission.cast import DATASET, KEY, County, application, standing_in
from commission.test_exchange import ENTRY, checkpoint
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from zhengshu_chassis import signature
from zhengshu_contracts.commission import FILINGS
from zhengshu_verify import merkle

OPINION = {"opinion": "o-1", "part": "p-1", "outcome": "agree", "reason": ""}
FILED: dict[str, dict[str, Any]] = {
    "entry": ENTRY,
    "application": application(),
    "opinion": OPINION,
    "withdrawal": {"part": "p-1", "reason": "不再需要"},
    "revocation": {"grant": "g-1", "part": "p-1", "reason": "期满"},
    "opening": {
        "proposal": "op-1",
        "dataset": DATASET,
        "title": "学校",
        "opening": "general",
        "items": ["name"],
        "opinion": "同意",
    },
    "open_application": {
        "application": "oa-1",
        "dataset": DATASET,
        "applicant": "91350100M000100Y43",
        "applicant_name": "某研究院",
        "kind": "research_institution",
        "purpose": "研究",
        "scenario": "分析",
        "safeguards": "专机",
        "until": "2027-01-01",
    },
    "checkpoint": {"note": checkpoint([merkle.leaf_hash(b"0")]), "since": 0, "proof": []},
    "reconciliation": {"dataset": DATASET, "epoch": 1, "to": 1, "rows": 1, "digest": "0" * 64},
}
CHANGE = {"op": "upsert", "id": "1", "row": {"name": "示例"}}
RANGE = {"dataset": DATASET, "epoch": "1", "since": "0", "to": "1"}
ANSWERED = {
    "entry": {"entry"},
    "application": {"opinion_request", "decision"},
    "upload": {"acknowledgement"},
    "opening": {"opening"},
    "open_application": {"open_decision"},
    "checkpoint": {"countersignature"},
    "reconciliation": {"reconciliation"},
}
EXCHANGE = "/exchange/v1"


class Contract:
    """The document, as its readers have it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths = document["paths"]
        self.webhooks = document["webhooks"]
        made = Resource(contents=document, specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:contract", made)

    def judge(self, schema: dict[str, Any]) -> Draft202012Validator:
        """Return what holds values against a schema of the document."""
        absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:contract#/'))
        return Draft202012Validator(absolute, registry=self._registry)

    def check(self, schema: dict[str, Any], value: object) -> None:
        """Hold a value against a schema of the document."""
        self.judge(schema).validate(value)

    def request(self, method: str, path: str) -> dict[str, Any]:
        """Return the schema of a request's body."""
        content = self.paths[path][method]["requestBody"]["content"]
        (media,) = content.values()
        return media["schema"]

    def answer(self, method: str, path: str, answer: httpx.Response) -> None:
        """Hold an answer against what the operation promises: its status, its headers, its body."""
        told = self.paths[path][method]["responses"][str(answer.status_code)]
        media = answer.headers["content-type"].partition(";")[0]
        self.check(told["content"][media]["schema"], answer.json())
        for name in told.get("headers", {}):
            assert name in answer.headers


@pytest.fixture
async def county(database) -> AsyncIterator[County]:
    async with standing_in(await database("commission")) as county:
        yield county


@pytest.fixture
async def contract(county: County) -> Contract:
    return Contract((await county.http.get("/openapi.json")).json())


async def filed(county: County, contract: Contract) -> None:
    """File one of everything, each as the document has it."""
    for kind, body in FILED.items():
        if kind in {"reconciliation", "withdrawal"}:
            continue
        await _file(county, contract, kind, body)
    contract.check(contract.request("put", f"{EXCHANGE}/upload/{{ref}}"), CHANGE)
    answer = await county.upload("d-upload", 0, 1, [CHANGE])
    contract.answer("put", f"{EXCHANGE}/upload/{{ref}}", answer)
    await _file(county, contract, "reconciliation", FILED["reconciliation"])
    await _file(county, contract, "withdrawal", FILED["withdrawal"])


async def _file(county: County, contract: Contract, kind: str, body: dict[str, Any]) -> None:
    path = f"{EXCHANGE}/{kind}/{{ref}}"
    contract.check(contract.request("put", path), body)
    answer = await county.put(f"{kind}/d-{kind}", body)
    assert answer.status_code == 202, answer.text
    contract.answer("put", path, answer)


async def test_every_operation_of_the_exchange_does_what_the_document_says(
    county: County, contract: Contract
) -> None:
    await filed(county, contract)
    await asyncio.sleep(0.06)  # the service registration is announced a moment later
    (webhook,) = contract.webhooks.values()
    callback = webhook["post"]["requestBody"]["content"]["application/json"]["schema"]
    for kind in FILINGS:
        answer = await county.get(f"{kind}/d-{kind}")
        contract.answer("get", f"{EXCHANGE}/{{kind}}/{{ref}}", answer)
        told = answer.json()["callbacks"]
        for each in told:
            contract.check(callback, each)
            assert each["number"] == answer.json()["number"]
        assert {each["answer"]["kind"] for each in told} == ANSWERED.get(kind, set())
    for path in ("catalogue", "answers"):
        answer = await county.get(path)
        assert next(iter(answer.json().values()))
        contract.answer("get", f"{EXCHANGE}/{path}", answer)
    code = (await county.get("catalogue")).json()["entries"][0]["municipal_code"]
    answer = await county.get(f"services/{code}/rows?limit=1")
    contract.answer("get", f"{EXCHANGE}/services/{{municipal_code}}/rows", answer)
    driven = {f"/{kind}/{{ref}}" for kind in FILINGS} | {"/{kind}/{ref}", "/catalogue", "/answers"}
    driven |= {"/services/{municipal_code}/rows"}
    assert {path.removeprefix(EXCHANGE) for path in contract.paths if EXCHANGE in path} == driven


async def test_what_is_refused_is_refused_as_the_document_says(
    county: County, contract: Contract
) -> None:
    await filed(county, contract)
    refused = [
        ("get", "/{kind}/{ref}", await county.get("entry/none"), 404),
        ("get", "/{kind}/{ref}", await county.get("entry/d-opening"), 404),
        ("get", "/{kind}/{ref}", await county.get("surprise/d-1"), 422),
        ("get", "/catalogue", await county.get("catalogue?after=-1"), 422),
        ("get", "/catalogue", await county.get(f"catalogue?after={2**70}"), 422),
        ("get", "/answers", await county.get("answers?after=x"), 422),
        ("get", "/services/{municipal_code}/rows", await county.get("services/none/rows"), 404),
        ("put", "/entry/{ref}", await county.put("entry/d-opening", ENTRY), 409),
        ("put", "/upload/{ref}", await county.upload("d-2", 5, 6, []), 409),
        ("put", "/upload/{ref}", await county.upload("d-2", 1, 2, [{"no": 1}]), 422),
    ]
    split = {"note": checkpoint([merkle.leaf_hash(b"1")] * 2), "since": 1}
    split["proof"] = [base64.b64encode(b"0" * 32).decode()]
    refused.append(("put", "/checkpoint/{ref}", await county.put("checkpoint/d-2", split), 409))
    for method, path, answer, status in refused:
        assert answer.status_code == status, answer.text
        contract.answer(method, EXCHANGE + path, answer)


@pytest.mark.parametrize("kind", list(FILED))
async def test_a_filing_that_is_not_as_the_document_says_is_not_taken(
    county: County, contract: Contract, kind: str
) -> None:
    """Whatever the schema refuses is refused, and nothing of it is kept."""
    path, good = f"{EXCHANGE}/{kind}/{{ref}}", FILED[kind]
    schema = contract.request("put", path)
    needed = [{name: good[name] for name in good if name != lost} for lost in good]
    odd = [good | {name: {"x": 1}} for name in good]
    for body in [*needed, *odd, good | {"surprise": 1}, [], "text", None]:
        answer = await county.put(f"{kind}/d-1", body)
        if contract.judge(schema).is_valid(body):
            assert answer.status_code == 202
            continue
        assert answer.status_code == 422, body
        contract.answer("put", path, answer)
    assert (await county.get(f"{kind}/d-1")).status_code in {200, 404}


async def test_nobody_gets_in_unsigned_and_an_outage_is_one(
    county: County, contract: Contract
) -> None:
    headers = {"Content-Type": "application/json"}
    switched = {"outage": True}
    for expected in (401, 503):
        for path, operations in contract.paths.items():
            if not path.startswith(EXCHANGE):
                continue
            for method in operations:
                body = json.dumps(FILED.get(path.split("/")[3], {})).encode()
                told = dict(headers)
                if expected == 503:
                    digest = signature.content_digest(body)
                    told |= signature.sign(KEY, requester="350123", service="x", digest=digest)
                    told |= {f"Zhengshu-{name}": value for name, value in RANGE.items()}
                address = re.sub(r"\{kind\}", "entry", re.sub(r"\{(?!kind)\w+\}", "d-1", path))
                answer = await county.http.request(method, address, content=body, headers=told)
                assert answer.status_code == expected, (method, path, answer.text)
                contract.answer(method, path, answer)
        await county.desk("PUT", "switches", switched)
