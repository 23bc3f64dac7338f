"""What integrators may hear, without a server: the policy turned into filters, filters into consumers."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from support.gateway_harness import PROVIDER, READER, client, dataset, item
from support.integrators import AID, HELD, SURVEY, TOWNS, WATER, grant
from zhengshu_contracts.policy import DatasetGrants, client_key, dataset_key
from zhengshu_contracts.vocabulary import GrantState, Mode, OrganizationKind
from zhengshu_gateway.authenticate import caller_of
from zhengshu_gateway.case import CATALOG, SHARING
from zhengshu_gateway.integrators import nkeys
from zhengshu_gateway.integrators.durables import LARGEST, MOST, NOBODY, Durable, place
from zhengshu_gateway.integrators.rights import Rights
from zhengshu_gateway.known import Known

DEPARTMENTS = "zhengshu.dataset.departments.>"
HEARS_ALL = {"department", "township", "government", "finance", "security_regulator"}
NOW = datetime.now(UTC)


def granted(name):
    return f"zhengshu.dataset.granted.{name}.>"


def known(*grants, **changed):
    """Facts of the small county, with grants on AID and changes to its record."""
    facts = Known()
    for name, (items, provider) in HELD.items():
        members = {"id": name, "provider": provider} | (changed if name == AID else {})
        put(facts, dataset_key("catalog", name), dataset(*items, **members))
    put(facts, dataset_key("sharing", AID), DatasetGrants(id=AID, grants=grants))
    return facts


def put(facts, key, record):
    facts.apply(key, record.model_dump_json().encode(), facts.applied + 1)


def filters(facts, organization=READER, kind="department", **members):
    put(facts, client_key("catalog", "sys-a"), client("sys-a", organization, kind, **members))
    return set(Rights(facts, NOW).of(caller_of(facts.clients["sys-a"])).filters)


@pytest.mark.parametrize("kind", [kind.value for kind in OrganizationKind])
def test_who_hears_what_all_departments_hear(kind):
    assert (DEPARTMENTS in filters(known(), kind=kind)) == (kind in HEARS_ALL)


def test_a_client_without_an_organisation_hears_nothing():
    assert filters(known(), organization=None) == set()


def test_opening_s_system_hears_nothing_here():
    assert filters(known(), organization=PROVIDER, opening=True) == set()


@pytest.mark.parametrize(
    ("kind", "hears"),
    [
        ("department", {DEPARTMENTS, granted(TOWNS), granted(AID), granted(SURVEY)}),
        (
            "public_service_enterprise",
            {
                *(granted(name) for name in (TOWNS, AID, SURVEY)),
                *(f"zhengshu.dataset.departments.{name}.>" for name in (TOWNS, AID, SURVEY)),
            },
        ),
    ],
)
def test_a_provider_hears_of_its_own(kind, hears):
    assert filters(known(), organization=PROVIDER, kind=kind) == hears


@pytest.mark.parametrize("kind", [kind.value for kind in OrganizationKind])
@pytest.mark.parametrize("organization", [PROVIDER, READER])
def test_nobody_hears_of_what_is_withheld(kind, organization):
    facts = known(grant(Mode.SUBSCRIBE), provider=organization)
    assert not [one for one in filters(facts, organization, kind) if "withheld" in one]


MODES = [(), (Mode.SUBSCRIBE,), (Mode.QUERY,), (Mode.EXPORT, Mode.SUBSCRIBE)]


@pytest.mark.parametrize(("state", "modes"), [*product(GrantState, MODES)])
def test_granted_events_need_a_live_grant_to_subscribe(state, modes):
    facts = known(grant(*modes, state=state))
    live = state is GrantState.ACTIVE and Mode.SUBSCRIBE in modes
    assert (granted(AID) in filters(facts)) == live
    assert granted(AID) not in filters(facts, organization="11350123003699999E")


def test_one_of_several_grants_is_enough():
    facts = known(grant(Mode.SUBSCRIBE), grant(Mode.SUBSCRIBE, id="g-2"), grant(id="g-3"))
    assert filters(facts) == {DEPARTMENTS, granted(AID)}


def test_a_class_that_was_tightened_ends_the_subscription():
    facts = known(grant(Mode.SUBSCRIBE))
    put(facts, dataset_key("catalog", AID), dataset(item("amount", "withheld"), id=AID))
    assert filters(facts) == {DEPARTMENTS}


def test_rights_say_until_when_they_hold():
    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
    facts = known(grant(Mode.SUBSCRIBE, starts=soon), grant(Mode.SUBSCRIBE, ends=later, id="g-2"))
    assert Rights(facts, NOW).until == soon
    assert Rights(facts, soon).until == later


def test_rights_rest_on_sharing_only_where_there_are_grants():
    facts = known(grant(Mode.SUBSCRIBE))
    for organization, uses in ((READER, SHARING), (PROVIDER, CATALOG)):
        put(facts, client_key("catalog", "sys-a"), client("sys-a", organization))
        assert Rights(facts, NOW).of(caller_of(facts.clients["sys-a"])).uses == uses


def test_a_dataset_whose_id_would_be_a_wildcard_is_not_heard():
    facts = known()
    for name in ("*", ">", "a.b"):
        put(facts, f"catalog.dataset.{name}", dataset(item("a", "conditional"), id=name))
    mine = filters(facts, organization=PROVIDER)
    assert mine == {DEPARTMENTS, granted(TOWNS), granted(AID), granted(SURVEY)}
    assert WATER not in str(mine)


class TestPlaces:
    """Which filters lie on which consumer."""

    def many(self, count):
        return frozenset(granted(f"{number:05}") for number in range(count))

    def has(self, *filters):
        return {
            number: Durable(frozenset(each), 0, paused=False)
            for number, each in enumerate(filters, 1)
        }

    def test_a_consumer_is_never_without_a_filter(self):
        assert place("sys-a", {}, frozenset()) == {1: NOBODY}
        assert place("sys-a", self.has("ab", "c"), frozenset("c")) == {1: NOBODY, 2: frozenset("c")}

    def test_beyond_256_filters_a_further_consumer_begins(self):
        placed = place("sys-a", {}, self.many(600))
        assert [len(each) for each in placed.values()] == [LARGEST, LARGEST, 88]
        assert frozenset().union(*placed.values()) == self.many(600)

    def test_a_filter_stays_where_it_is(self):
        placed = place("sys-a", self.has("ab", "cd"), frozenset("bcde"))
        assert placed == {1: frozenset("be"), 2: frozenset("cd")}

    def test_what_is_too_much_is_not_heard(self):
        placed = place("sys-a", {}, self.many(LARGEST * MOST + 5))
        assert sum(map(len, placed.values())) == LARGEST * MOST

    def test_a_consumer_that_somebody_removed_does_not_hide_its_neighbour(self):
        placed = place("sys-a", {2: Durable(frozenset("ab"), 0, paused=False)}, frozenset("b"))
        assert placed == {1: NOBODY, 2: frozenset("b")}


class TestKeys:
    """The issuer's key."""

    SEED = "SAANDLKMXL6CUS3CP52WIXBEDN6YJ545GDKC65U5JZPPV6WH6ESWUA6YAI"

    def test_it_reads_what_nats_own_tools_make(self):
        """The pair of NATS's own documentation of the auth callout."""
        public = "ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA"
        assert nkeys.Issuer(self.SEED).public == public

    @pytest.mark.parametrize(
        "seed", ["", "nonsense", SEED[:-1] + "A", "SU" + SEED[2:], SEED.lower()], ids=str
    )
    def test_it_takes_nothing_else(self, seed):
        with pytest.raises(ValueError):
            nkeys.Issuer(seed)

    def test_claims_of_what_is_no_jwt(self):
        for token in (b"", b"a", b"a.b.c", b"a.W10.c"):
            with pytest.raises(ValueError):
                nkeys.claims(token)
