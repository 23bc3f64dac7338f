"""Officers who use the portal as a browser does: sign in, read a page, fill a form and send it."""

import time
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import httpx
from zhengshu import Client

PASSWORD = "luoyuan-2026-zs"


class Forms(HTMLParser):
    """The forms of a page with the values that a browser would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, list[tuple[str, str]]] = {}
        self._form: list[tuple[str, str]] = []
        self._select = self._area = ""
        self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = self.forms.setdefault(told.get("action", ""), [])
        elif tag == "input":
            self._input(told)
        elif tag == "select":
            self._select = told["name"]
            self._form.append((self._select, ""))
        elif tag == "option" and "selected" in told:
            self._form.append((self._select, told["value"]))
        elif tag == "textarea":
            self._area, self._text = told["name"], ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._form.append((self._area, self._text))

    def _input(self, told: dict[str, str]) -> None:
        ticked = told.get("type") not in {"checkbox", "radio"} or "checked" in told
        if ticked and told.get("type") != "file":
            self._form.append((told["name"], told.get("value", "")))


class Person:
    """An officer before the portal."""

    def __init__(self, portal: str) -> None:
        self.http = httpx.Client(base_url=portal, timeout=30)

    def read(self, path: str) -> str:
        """Return a page, which must be there."""
        answer = self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:400])
        return answer.text

    def send(
        self, path: str, action: str, files: Mapping[str, Any] | None = None, /, **said: Any
    ) -> httpx.Response:
        """Open a page and send one of its forms, filled in further by what is said."""
        return self.fill(self.read(path), action, files, **said)

    def fill(
        self, page: str, action: str, files: Mapping[str, Any] | None = None, /, **said: Any
    ) -> httpx.Response:
        """Send one of a page's forms."""
        given: dict[str, Any] = {}
        for name, value in Forms(page).forms[action]:
            given.setdefault(name, []).append(value)
        given |= {name.replace("__", "."): value for name, value in said.items()}
        return self.http.post(action, data=given, files=files)


def enrol(node: Client, portal: str, organization: str, name: str, *roles: str) -> Person:
    """Register an officer, choose a password on the portal's page and sign in there."""
    given = {"organization": organization, "name": name, "roles": list(roles)}
    made = node.post("/v1/officers", given)["credentials"]
    account = f"u{made['client_id'][-12:].lower()}"
    person = Person(portal)
    said = {"account": account, "password": PASSWORD, "again": PASSWORD}
    said |= {"client": made["client_id"], "secret": made["client_secret"]}
    for _ in range(50):
        if person.http.post("/signin/password", data=said).status_code == 200:
            break
        time.sleep(0.1)
    there = person.http.get("/signin/start").headers["location"]
    asked = httpx.URL(httpx.get(there).headers["location"]).params["asked"]
    form = {"asked": asked, "account": account, "password": PASSWORD}
    back = person.http.post("/signin", data=form)
    assert person.http.get(back.headers["location"]).headers["location"] == "/my", back.text
    return person
