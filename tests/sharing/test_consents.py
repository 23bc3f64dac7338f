"""The service as a state machine: whatever is tried, by whomever, no grant lacks a consent of its chain."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import pytest
from hypothesis import Phase
from hypothesis import settings as bounded
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT,
    COMPETENT_OFFICER,
    GATEWAY,
    MARKET,
    MARKET_OFFICER,
    REGISTER,
    SCHOOLS_OFFICER,
    TODAY,
    Sharing,
    officer,
    part,
    settings_of,
)
from support.databases import Databases
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationKind, Role
from zhengshu_sharing.applications.states import Chain
from zhengshu_sharing.main import build

KIND = OrganizationKind.COMPETENT
PEOPLE = {
    "applicant": MARKET_OFFICER,
    "provider": CIVIL_OFFICER,
    "stranger": SCHOOLS_OFFICER,
    "competent": COMPETENT_OFFICER,
    "applicant as competent": officer(COMPETENT, *Role, id=MARKET_OFFICER.id, kind=KIND),
    "applicant as provider": officer(CIVIL, *Role, id=MARKET_OFFICER.id),
    "competent of the applicant": officer(MARKET, *Role, id="off-both", kind=KIND),
    "deputy of the applicant": officer(COMPETENT, *Role, id="off-deputy", kind=KIND).model_copy(
        update={"standing_in_for": (MARKET_OFFICER.id,)}
    ),
}
WHO = st.sampled_from(["competent", *PEOPLE])
"""Whoever may, a little more often than whoever may not."""
OUTCOMES = st.sampled_from(["agree", "agree", "refuse", "return"])
REFUSAL = {"ground": "outside_duties", "reason": "超出职责"}


class Served:
    """The service with a loop of its own, since rules are plain functions."""

    def __init__(self, databases: Databases) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._databases = databases
        self.sharing: Sharing = self.run(self._start())

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(coroutine)

    async def _start(self) -> Sharing:
        database = await self._databases.create("sharing")
        self._stack.push_async_callback(self._databases.drop, database)
        settings = settings_of(database, store_url="memory:///")
        app = build(settings)
        await self._stack.enter_async_context(app.router.lifespan_context(app))
        sharing = Sharing.of(app, settings)
        await self._stack.enter_async_context(sharing.http)
        await sharing.seed()
        return sharing

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._runner.close()


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    one = Served(databases)
    yield one
    one.close()


class Consents(RuleBasedStateMachine):
    """One application, and every move of everybody.

    `given` is what was truly consented to, in order, and by whom; None is the Commission's platform.
    """

    served: ClassVar[Served]
    reached: ClassVar[set[tuple[str, ...]]] = set()

    @initialize(
        chain=st.sampled_from(Chain),
        dataset=st.sampled_from([AID, AID, REGISTER]),
        detour=st.sampled_from(["", "returned", "sent back"]),
        steps=st.integers(0, 4),
    )
    def submit(self, chain: Chain, dataset: str, detour: str, steps: int) -> None:
        resources = self.sharing.app.state.resources
        resources.settings = resources.settings.model_copy(update={"opinion_by": chain})
        self.given: list[tuple[str, Principal | None]] = []
        self.chain = chain if dataset == AID else Chain.COMMISSION
        self.answers = 0
        self.case = self.do(self.sharing.apply(part(dataset)))["id"]
        self.part = f"{self.case}-1"
        # Some walks begin further on, or too few would see the last steps.
        if detour == "returned":
            self.endorse("competent", "return")
        elif detour == "sent back":
            self.endorse("competent", "agree")
            self.call_back("decision", "return")
        self.supplement("applicant")
        for step in (self.endorsed, self.consulted, self.advised, self.decided)[:steps]:
            step()

    def endorsed(self) -> None:
        self.call_back("decision", "agree")  # too soon
        self.last("competent", lambda who: self.endorse(who, "agree"))

    def consulted(self) -> None:
        self.call_back("opinion_request", "agree")

    def advised(self) -> None:
        if self.chain is Chain.COUNTY:
            self.call_back("decision", "agree")  # likewise
        self.last("provider", lambda who: self.advise(who, agrees=True))

    def decided(self) -> None:
        self.last("competent", self.enter_paper)

    def last(self, rightful: str, step: Callable[[str], None]) -> None:
        """Let whoever may not try first."""
        for who in sorted(PEOPLE, key=rightful.__eq__):
            step(who)

    @property
    def sharing(self) -> Sharing:
        return self.served.sharing

    def do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.served.run(coroutine)

    def consented(self, what: str, person: Principal, answer: Any) -> None:
        if answer.status_code == 200:
            self.given.append((what, person))

    @rule(who=WHO, outcome=OUTCOMES)
    def endorse(self, who: str, outcome: str) -> None:
        more = {"missing": ["依据"]} if outcome == "return" else {}
        body = {"outcome": outcome, "opinion": "意见", "ground": "outside_duties"} | more
        answer = self.do(self.sharing.endorse(self.case, PEOPLE[who], **body))
        if outcome == "agree":
            self.consented("endorsement", PEOPLE[who], answer)

    @rule(who=st.sampled_from(["applicant", "stranger"]))
    def supplement(self, who: str) -> None:
        path = f"/v1/applications/{self.case}/supplement"
        body, action = {"note": "已补正"}, Action.APPLICATION_SUBMIT
        self.do(self.sharing.call(PEOPLE[who], action, "POST", path, body))

    @rule(kind=st.sampled_from(["opinion_request", "decision"]), outcome=OUTCOMES)
    def call_back(self, kind: str, outcome: str) -> None:
        body = {"outcome": outcome, "reason": "意见"} if kind == "decision" else {}
        done = self.do(self.called(kind, **body))
        if done == "applied" and kind == "decision":
            self.given = [] if outcome == "return" else [*self.given, (outcome, None)]

    async def called(self, kind: str, **body: Any) -> str:
        self.answers += 1
        callback = {
            "id": f"{self.case}-{self.answers}",
            "issued_at": f"{TODAY}T00:00:00Z",
            "answer": {"kind": kind, "part": self.part} | body,
        }
        path = "/internal/callbacks"
        told = await self.sharing.call(GATEWAY, Action.INTERNAL, "POST", path, callback)
        return str(told.json()["outcome"])

    @rule(who=st.sampled_from(["provider", *PEOPLE]), agrees=st.booleans())
    def advise(self, who: str, agrees: bool) -> None:
        said = {"outcome": "agree"} if agrees else {"outcome": "refuse"} | REFUSAL
        query = "SELECT id FROM opinions WHERE part = :part AND state = 'requested'"
        for row in self.do(self.sharing.rows(query, part=self.part)):
            answer = self.do(self.sharing.answer(row.id, PEOPLE[who], **said))
            self.consented("opinion", PEOPLE[who], answer)

    @rule(who=WHO)
    def enter_paper(self, who: str) -> None:
        scan = self.do(self.sharing.upload(PEOPLE[who])).json()["id"]
        path = f"/v1/applications/{self.case}/decision"
        body = {
            "part": self.part,
            "outcome": "agree",
            "document": "榕数〔2026〕1 号",
            "decided_on": str(TODAY),
            "scan": scan,
        }
        answer = self.do(self.sharing.call(PEOPLE[who], Action.DECISION_ENTER, "POST", path, body))
        self.consented("agree", PEOPLE[who], answer)

    @precondition(lambda self: len(self.given) > 1)
    @rule(who=st.sampled_from(["applicant", "stranger"]))
    def withdraw(self, who: str) -> None:
        self.do(self.sharing.withdraw(self.case, PEOPLE[who]))

    @invariant()
    def a_grant_has_every_consent_in_order_by_different_people(self) -> None:
        query = "SELECT 1 FROM grants WHERE application = :case"
        if not self.do(self.sharing.rows(query, case=self.case)):
            return
        whats = tuple(what for what, _ in self.given)
        with_opinion = ("endorsement", "opinion", "agree")
        assert whats in {with_opinion, ("endorsement", "agree")}
        assert self.chain is Chain.COMMISSION or whats == with_opinion
        whose = {"endorsement": COMPETENT, "opinion": CIVIL, "agree": COMPETENT}
        for what, person in self.given:
            assert person is None or person.organization == whose[what]
            assert person is None or not person.answers_for(MARKET_OFFICER.id)
        self.reached.add(whats)


def test_no_grant_without_every_consent(served: Served) -> None:
    Consents.served = served
    Consents.reached.clear()
    run_state_machine_as_test(
        Consents,
        settings=bounded(
            max_examples=20,
            stateful_step_count=8,
            derandomize=True,
            deadline=None,
            phases=[
                Phase.generate
            ],  # a failure is told as it was found: shrinking it takes minutes
        ),
    )
    # The walk is worth something only where it arrives.
    assert Consents.reached == {("endorsement", "agree"), ("endorsement", "opinion", "agree")}
