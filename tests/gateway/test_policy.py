"""The policy against the tables: every class × requester × mode × state, and what surrounds them."""

from dataclasses import fields, replace
from functools import cache
from itertools import islice, product
from random import Random

import pytest
from support import policy_tables as oracle
from support.policy_cases import (
    GRANT,
    ID,
    NOW,
    PRINCIPALS,
    READER,
    STATES,
    case,
    dataset,
    item,
    listing,
)
from zhengshu_contracts import policy as records
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.limits import ItemMask, StepMask
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import GrantState, ListingState, Mode, OpeningClass, SharingClass
from zhengshu_gateway import facts, policy

UNCONDITIONAL, CONDITIONAL, WITHHELD = SharingClass
MODES = (*Mode, None)
LISTINGS = ("none", *ListingState)


def cases():
    """Every combination that the tables speak of, as the oracle's keywords."""
    pairs = [
        *oracle.DOORS,
        (Action.DATASET_QUERY, Mode.EXPORT),
        (Action.DATASET_EXPORT, Mode.QUERY),
    ]
    for requester, (action, mode), sharing, opening, state in product(
        oracle.REQUESTERS, pairs, (*SharingClass, None), (*OpeningClass, None), oracle.STATE_NAMES
    ):
        opens = action is Action.OPEN_READ or requester in oracle.OPENERS
        ways = product(LISTINGS, (*OpeningClass, None)) if opens else [("none", None)]
        for listing_state, listed_as in ways:
            yield {
                "requester": requester,
                "action": action,
                "mode": mode,
                "sharing": sharing,
                "opening": opening,
                "state": state,
                "listing": listing_state,
                "listed_as": listed_as,
            }


@cache
def shuffled():
    """The cases in an order in which a fault shows soon."""
    found = list(cases())
    Random(7).shuffle(found)
    return found


one_item = cache(lambda sharing, opening, state: dataset([item(sharing, opening)], state))
one_listing = cache(listing)


def lets_through(about):
    """Ask the policy about one item."""
    decision = policy.decide(
        case(
            about["requester"],
            about["action"],
            about["mode"],
            one_item(about["sharing"], about["opening"], about["state"]),
            listing=one_listing(about["listing"], about["listed_as"]),
        )
    )
    assert decision.view is None or decision.view.columns == ("it",)
    return decision.allowed


def disagreements():
    return (about for about in shuffled() if lets_through(about) != oracle.expected(**about))


def test_the_policy_agrees_with_the_tables_everywhere():
    assert list(disagreements()) == []


def test_the_tables_name_every_requester_and_state_that_can_be_built():
    assert set(PRINCIPALS) <= set(oracle.REQUESTERS)
    assert {*STATES, "missing"} == set(oracle.STATE_NAMES)


@pytest.mark.parametrize("action", list(Action))
def test_no_other_action_yields_rows(action):
    for requester, mode in product(oracle.REQUESTERS, MODES):
        if (action, mode) not in oracle.DOORS:
            decision = policy.decide(case(requester, action, mode, dataset([item(UNCONDITIONAL)])))
            assert not decision.allowed


# These only say more exactly why, or need less: without them another rule refuses, or grants, too.
SPARE = frozenset(
    {"competent_reads_no_rows", "enterprise_does_not_read", "withheld", "unconditional"}
)


@pytest.mark.parametrize("state", ["live", "unregistered", "withdrawn"])
def test_a_withheld_dataset_tells_its_law_registered_or_not(state):
    about = dataset([item(WITHHELD)], state)
    decision = policy.decide(case("department", Action.DATASET_QUERY, Mode.QUERY, about))
    assert decision.rule == "items-withheld"


class TestPlantedFaults:
    """The tables notice a policy that lets too much, or too little, through."""

    def planted(self, monkeypatch, name, fault):
        """Return the first disagreements that a fault makes."""
        monkeypatch.setattr(policy, name, fault)
        return list(islice(disagreements(), 3))

    def leak(self, monkeypatch, classes):
        """Let the rule for unconditional items through items of other classes too."""

        def careless(asked, about):
            if not policy._reader(asked):
                return None
            names = [each.name for each in about.items if each.sharing in classes]
            told = "unconditional", Basis.DECREE_14, names
            return policy._answer(asked, about, *told) if names else None

        rules = tuple(careless if rule is policy.unconditional else rule for rule in policy.RULES)
        rules = tuple(rule for rule in rules if rule is not policy.withheld)
        return self.planted(monkeypatch, "RULES", rules)

    def test_a_conditional_column_leaks(self, monkeypatch):
        found = self.leak(monkeypatch, {UNCONDITIONAL, CONDITIONAL})
        assert {each["sharing"] for each in found} == {CONDITIONAL}

    def test_an_unknown_class_counts_as_shared(self, monkeypatch):
        found = self.leak(monkeypatch, {UNCONDITIONAL, None})
        assert {each["sharing"] for each in found} == {None}

    def test_a_grant_opens_every_mode(self, monkeypatch):
        honest = policy.granted

        def careless(asked, about):
            grants = tuple(replace(grant, modes=tuple(Mode)) for grant in asked.grants)
            return honest(asked._replace(grants=grants), about)

        rules = tuple(careless if rule is honest else rule for rule in policy.RULES)
        found = self.planted(monkeypatch, "RULES", rules)
        assert found
        assert all(each["requester"].startswith("granted_") for each in found)

    @pytest.mark.parametrize(
        "rule",
        [rule for rule in policy.RULES if rule.__name__ not in SPARE],
        ids=lambda r: r.__name__,
    )
    def test_a_rule_is_forgotten(self, monkeypatch, rule):
        rest = tuple(each for each in policy.RULES if each is not rule)
        assert self.planted(monkeypatch, "RULES", rest)


class TestItemByItem:
    """The table applies per item; only an empty view, or a named column that is closed, is refused."""

    MIXED = (
        item(UNCONDITIONAL, name="town"),
        item(CONDITIONAL, name="amount"),
        item(CONDITIONAL, name="phone"),
        item(WITHHELD, name="sample"),
    )

    def ask(self, requester="department", mode=Mode.QUERY, grants=None, **members):
        action = next(a for a, m in oracle.DOORS if m is mode)
        asked = case(requester, action, mode, dataset(self.MIXED), **members)
        return policy.decide(asked._replace(grants=tuple(grants)) if grants else asked)

    def test_a_department_gets_the_unconditional_columns(self):
        decision = self.ask()
        assert decision.view.columns == ("town",)
        assert decision.uses == {"catalog", "sharing"}

    def test_naming_only_unconditional_columns_needs_catalog_alone(self):
        decision = self.ask(requested=("town",))
        assert (decision.rule, decision.uses) == ("unconditional", {"catalog"})

    def test_a_grant_adds_exactly_its_columns_and_rows(self):
        grant = replace(GRANT, items=("amount",), filter="town=eq.凤山镇", modes=(Mode.QUERY,))
        decision = self.ask(grants=[grant])
        assert decision.view.columns == ("town", "amount")
        assert (decision.view.filter, decision.grant) == ("town=eq.凤山镇", "g-1")

    def test_a_grant_never_opens_a_withheld_column(self):
        grant = replace(GRANT, items=("sample", "amount"))
        assert self.ask(grants=[grant]).view.columns == ("town", "amount")
        refused = self.ask(grants=[grant], requested=("amount", "sample"))
        assert refused.rule == "items-withheld"

    def test_a_query_grant_does_not_open_the_export(self):
        grant = replace(GRANT, items=("amount",), modes=(Mode.QUERY,))
        refused = self.ask(mode=Mode.EXPORT, grants=[grant], requested=("amount",))
        assert refused.rule == "mode-not-granted"
        assert self.ask(mode=Mode.EXPORT, grants=[grant]).view.columns == ("town",)

    def test_a_mode_that_is_not_offered_is_not_to_be_applied_for(self):
        about = replace(dataset(self.MIXED), modes=(Mode.QUERY, Mode.VERIFY))
        asked = case("department", Action.DATASET_EXPORT, Mode.EXPORT, about)
        for names in (None, ("town",), ("amount",)):
            refused = policy.decide(asked._replace(requested=names))
            assert (refused.rule, refused.basis) == ("mode-not-offered", Basis.DECREE_13)
            assert "查询(query)" in refused.next
            assert "/v1/applications" not in refused.next

    def test_a_grant_keeps_its_mode_when_a_revision_no_longer_offers_it(self):
        about = replace(dataset(self.MIXED), modes=(Mode.QUERY,))
        grant = replace(GRANT, items=("amount",), modes=(Mode.EXPORT,))
        asked = case("department", Action.DATASET_EXPORT, Mode.EXPORT, about)
        assert policy.decide(asked._replace(grants=(grant,))).view.columns == ("town", "amount")
        over = replace(grant, ends=NOW)
        assert policy.decide(asked._replace(grants=(over,))).rule == "mode-not-offered"

    def test_a_named_conditional_column_says_what_to_apply_for(self):
        refused = self.ask(requested=("town", "amount"))
        assert (refused.rule, refused.basis) == ("items-conditional", Basis.DECREE_15)
        assert "amount" in refused.next
        assert "/v1/applications" in refused.next
        assert "民政业务协同" in refused.detail

    def test_a_named_withheld_column_cites_its_law_and_the_objection(self):
        refused = self.ask(requested=("sample",))
        assert refused.rule == "items-withheld"
        assert "统计法" in refused.citation
        assert "/v1/objections" in refused.next

    def test_a_withheld_dataset_cites_its_law_though_it_is_never_registered(self):
        about = dataset([item(WITHHELD, name="a"), item(WITHHELD, name="b")], "unregistered")
        refused = policy.decide(case("department", Action.DATASET_QUERY, Mode.QUERY, about))
        assert refused.rule == "items-withheld"
        assert "统计法" in refused.citation

    def test_a_column_that_does_not_exist_is_refused(self):
        assert self.ask(requested=("town", "ghost")).rule == "items-unknown"

    def test_two_grants_must_be_told_apart(self):
        first = replace(GRANT, items=("amount",), filter="town=eq.凤山镇")
        second = replace(GRANT, id="g-2", items=("amount",), purpose="救助")
        refused = self.ask(grants=[first, second])
        assert refused.rule == "grant-not-named"
        assert "g-2(救助)" in refused.next
        assert self.ask(grants=[first, second], named="g-2").grant == "g-2"

    def test_a_renewed_grant_needs_no_telling_apart(self):
        first = replace(GRANT, items=("amount",))
        renewed = replace(first, id="g-2", ends=GRANT.ends.replace(year=2027))
        assert self.ask(grants=[renewed, first]).grant == "g-2"

    def test_a_masked_column_leaves_masked_and_is_another_right_than_a_plain_one(self):
        mask = ItemMask(item="amount", mask=StepMask(width=100))
        masked = replace(GRANT, items=("amount", "phone"), masks=(mask,))
        assert self.ask(grants=[masked]).view.masks == (mask,)
        assert self.ask(grants=[masked], requested=("phone",)).view.masks == ()
        plain = replace(masked, id="g-2", masks=())
        assert self.ask(grants=[masked, plain]).rule == "grant-not-named"

    def test_the_grant_that_covers_the_named_columns_is_used(self):
        first = replace(GRANT, items=("amount",))
        second = replace(GRANT, id="g-2", items=("phone",))
        assert self.ask(grants=[first, second], requested=("phone",)).grant == "g-2"
        assert self.ask(grants=[first, second], requested=("amount", "phone")).rule == (
            "items-conditional"
        )

    def test_a_dead_grant_that_is_named_opens_nothing(self):
        dead = replace(GRANT, items=("amount",), state=GrantState.REVOKED)
        refused = self.ask(grants=[dead], named="g-1", requested=("amount",))
        assert refused.rule == "items-conditional"

    def test_the_provider_sees_everything(self):
        decision = self.ask("provider")
        assert decision.view.columns == ("town", "amount", "phone", "sample")

    def test_of_a_theme_its_lead_has_no_rows_of_its_own(self):
        about = replace(dataset(self.MIXED), provider="")
        decision = policy.decide(case("provider", Action.DATASET_QUERY, Mode.QUERY, about))
        assert decision.view.columns == ("town",)

    def test_the_upload_leaves_out_what_is_withheld(self):
        asked = case("worker", Action.DATASET_UPLOAD, Mode.SUBSCRIBE, dataset(self.MIXED))
        assert policy.decide(asked).view.columns == ("town", "amount", "phone")


def test_a_view_carries_the_key_columns_it_shows():
    about = replace(
        dataset([item(UNCONDITIONAL, name="id"), item(CONDITIONAL, name="card")]),
        key=("id", "card"),
    )
    decision = policy.decide(case("department", Action.DATASET_QUERY, Mode.QUERY, about))
    assert decision.view.key == ("id",)


class TestOpenFiles:
    def ask(self, requester, *openings):
        items = [item(UNCONDITIONAL, o, name=f"i{n}") for n, o in enumerate(openings)]
        about = dataset(items)
        listed = listing("listed", OpeningClass.GENERAL, tuple(each.name for each in items))
        asked = case(requester, Action.OPEN_READ, Mode.EXPORT, about, listing=listed)
        return policy.decide(asked)

    def test_a_file_needs_every_column_of_its_snapshot(self):
        refused = self.ask("public", OpeningClass.GENERAL, OpeningClass.AUTHORIZED)
        assert refused.rule == "authorization-required"
        assert self.ask("authorized", OpeningClass.GENERAL, OpeningClass.AUTHORIZED).allowed

    def test_a_column_closed_since_closes_the_file(self):
        assert (
            self.ask("public", OpeningClass.GENERAL, OpeningClass.CLOSED).rule == "listing-unknown"
        )


@pytest.mark.parametrize(
    ("fact", "record"),
    [
        (facts.Item, records.ItemPolicy),
        (facts.Dataset, records.DatasetPolicy),
        (facts.Client, records.ClientPolicy),
        (facts.Grant, records.GrantPolicy),
        (facts.Grants, records.DatasetGrants),
        (facts.Authorization, records.Authorization),
        (facts.Listing, records.ListingPolicy),
        (facts.Version, records.DatasetVersion),
        (facts.Beat, records.Heartbeat),
    ],
)
def test_facts_mirror_the_records_of_the_contract(fact, record):
    assert {each.name for each in fields(fact) if each.init} == set(record.model_fields)


@pytest.mark.parametrize("bad", [{"sharing": "public"}, {"opening": None}])
def test_an_unknown_word_makes_no_fact(bad):
    good = {"name": "a", "title": "甲", "sharing": "unconditional", "opening": "closed"}
    with pytest.raises(ValueError, match="validation error"):
        facts.DATASET.validate_python(
            {
                "id": ID,
                "title": "",
                "provider": READER,
                "origin": "county",
                "state": "published",
                "revision": 1,
                "registration": "live",
                "items": [good | bad],
            }
        )


def test_now_is_what_counts():
    about = dataset([item(CONDITIONAL)])
    asked = case("granted_query", Action.DATASET_QUERY, Mode.QUERY, about)
    assert policy.decide(asked).allowed
    assert not policy.decide(asked._replace(now=NOW.replace(year=2027))).allowed


class TestRegisteredUse:
    ABOUT = dataset(
        [item(UNCONDITIONAL), item(CONDITIONAL, name="fee"), item(UNCONDITIONAL, name="b")]
    )

    def ask(self, *grants, **members):
        members = {"registered": True} | members
        mode = members.pop("mode", Mode.QUERY)
        asked = case("department", Action.DATASET_QUERY, mode, self.ABOUT, **members)
        return policy.decide(asked._replace(grants=grants))

    @pytest.mark.parametrize("requested", [None, ("it",), ("it", "fee")])
    def test_nothing_is_read_before_it(self, requested):
        decision = self.ask(requested=requested)
        assert (decision.rule, decision.basis) == ("use-not-registered", Basis.DECREE_21)
        assert "sharing" in decision.uses
        assert self.ask(requested=requested, registered=False).rule != "use-not-registered"

    def test_what_was_registered_is_read_under_its_record(self):
        decision = self.ask(GRANT, requested=("it",))
        assert (decision.view.columns, decision.grant) == (("it",), GRANT.id)
        assert (decision.purpose, decision.uses) == (GRANT.purpose, policy.SHARING)
        assert self.ask(GRANT, requested=("b",)).rule == "use-not-registered"

    @pytest.mark.parametrize(
        "change",
        [
            {"state": GrantState.SUSPENDED},
            {"ends": NOW},
            {"holder": "11350123003612345A"},
            {"modes": (Mode.EXPORT,)},
            {"items": ("fee",)},
        ],
    )
    def test_a_record_that_does_not_count_opens_nothing(self, change):
        assert self.ask(replace(GRANT, **change), requested=("it",)).rule == "use-not-registered"

    def test_a_grant_on_conditions_opens_its_own_items_alone(self):
        grant = replace(GRANT, id="g-2", items=("fee",))
        assert self.ask(grant).view.columns == ("fee",)
        both = self.ask(grant, GRANT)
        assert (both.view.columns, both.grant) == (("it", "fee"), "g-2")

    def test_a_provider_and_the_open_door_need_none(self):
        own = case("provider", Action.DATASET_QUERY, Mode.QUERY, self.ABOUT, registered=True)
        assert policy.decide(own).allowed
