"""The state machine as a property: whatever is tried in whatever order, a grant has its consents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zhengshu_contracts.vocabulary import ApplicationState, SharingClass
from zhengshu_sharing.applications.states import (
    CHAINS,
    CONSENTS,
    FINAL,
    PROGRESS,
    Chain,
    Move,
    arrival,
    may,
    with_commission,
)

MOVE_LISTS = st.lists(st.sampled_from(Move), max_size=30)
ANY_CHAIN = st.sampled_from(Chain)


def walk(
    start: ApplicationState, tried: list[Move], chain: Chain
) -> tuple[ApplicationState, list[Move]]:
    """Make every move that its state allows; return where it ends and what was made.

    What the Commission sends back begins anew: of what was made before nothing counts.
    """
    state, made = start, []
    for move in tried:
        if may(state, move, chain):
            state = CHAINS[chain][move][1]
            made = [] if move is Move.SEND_BACK else [*made, move]
    return state, made


@given(MOVE_LISTS, ANY_CHAIN)
def test_no_path_to_a_grant_without_every_consent_in_its_order(
    tried: list[Move], chain: Chain
) -> None:
    state, made = walk(arrival(SharingClass.CONDITIONAL), tried, chain)
    if state is ApplicationState.GRANTED:
        needed = [one.move for one in CONSENTS[chain] if one.always]
        assert [move for move in made if move in needed] == needed
        assert made[-1] is Move.GRANT


@pytest.mark.parametrize("chain", Chain)
def test_every_chain_leads_to_a_grant_and_names_its_consents(chain: Chain) -> None:
    way = [Move.ENDORSE, Move.CONSULT, Move.ANSWER, Move.FORWARD, Move.GRANT]
    state, made = walk(ApplicationState.SUBMITTED, way, chain)
    assert state is ApplicationState.GRANTED
    assert [one.move for one in CONSENTS[chain]] == [
        move for move in made if move not in {Move.CONSULT, Move.FORWARD}
    ]
    leading = [move for move, (_, to) in CHAINS[chain].items() if to is ApplicationState.GRANTED]
    assert leading == [Move.GRANT]
    assert set(CHAINS[chain]) == set(Move)


@given(MOVE_LISTS, ANY_CHAIN)
def test_nothing_goes_to_the_commission_before_its_consents(
    tried: list[Move], chain: Chain
) -> None:
    state, made = walk(ApplicationState.SUBMITTED, tried, chain)
    if with_commission(state, chain):
        assert Move.ENDORSE in made
        assert chain is Chain.COMMISSION or Move.ANSWER in made


@given(MOVE_LISTS, ANY_CHAIN)
def test_withheld_items_are_never_granted(tried: list[Move], chain: Chain) -> None:
    assert walk(arrival(SharingClass.WITHHELD), tried, chain)[0] is ApplicationState.REFUSED


@given(MOVE_LISTS, MOVE_LISTS, ANY_CHAIN)
def test_what_is_final_stays(first: list[Move], then: list[Move], chain: Chain) -> None:
    state, _ = walk(arrival(SharingClass.CONDITIONAL), first, chain)
    if state in FINAL:
        assert walk(state, then, chain) == (state, [])


@given(MOVE_LISTS, ANY_CHAIN)
def test_a_withdrawn_part_is_not_decided(tried: list[Move], chain: Chain) -> None:
    _, made = walk(arrival(SharingClass.CONDITIONAL), tried, chain)
    if Move.WITHDRAW in made:
        assert made[-1] is Move.WITHDRAW


def test_every_state_has_its_place() -> None:
    assert set(PROGRESS) == set(ApplicationState)
