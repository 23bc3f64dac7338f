"""The guide to the catalogue names no path that the gateway does not answer, and its samples are valid."""

import json
import re
from pathlib import Path

from zhengshu_contracts.catalog import EntryIn, LegacySystemIn, ThemeIn
from zhengshu_gateway import routes

GUIDE = Path("docs/catalogue.md").read_text(encoding="utf-8")
ANY = re.compile(r"\{[^}]+\}")
CALLS = re.findall(r"^call (GET|POST|PUT) +\"?(/v1/[^\s\"?]+)", GUIDE, re.MULTILINE)


def test_every_call_is_answered():
    patterns = [
        (route.method, re.compile(ANY.sub("[^/]+", route.path) + r"\Z"))
        for route in routes.load().all
    ]
    assert len(CALLS) > 20
    unknown = [
        call for call in CALLS if not any(m == call[0] and p.match(call[1]) for m, p in patterns)
    ]
    assert unknown == []


def test_samples_are_valid():
    entry = re.search(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert entry
    EntryIn.model_validate_json(entry[1])
    for path, model in (("themes", ThemeIn), ("legacy-systems", LegacySystemIn)):
        body = re.search(rf"call POST /v1/{path} -d '(.*?)'", GUIDE, re.DOTALL)
        assert body
        model.model_validate(json.loads(body[1]))
