"""The state machine as a property: whatever is tried in whatever order, a grant has its consents."""

from hypothesis import given
from hypothesis import strategies as st
from zhengshu_contracts.vocabulary import ApplicationState, SharingClass
from zhengshu_sharing.applications.states import FINAL, MOVES, PROGRESS, Move, arrival, may

MOVE_LISTS = st.lists(st.sampled_from(Move), max_size=30)


def walk(start: ApplicationState, tried: list[Move]) -> tuple[ApplicationState, list[Move]]:
    """Make every move that its state allows; return where it ends and what was made."""
    state, made = start, []
    for move in tried:
        if may(state, move):
            state = MOVES[move][1]
            made.append(move)
    return state, made


@given(MOVE_LISTS)
def test_no_path_to_a_grant_without_endorsement_and_decision(tried: list[Move]) -> None:
    state, made = walk(arrival(SharingClass.CONDITIONAL), tried)
    if state is ApplicationState.GRANTED:
        assert Move.ENDORSE in made
        assert made[-1] is Move.GRANT
        assert made.index(Move.ENDORSE) < made.index(Move.GRANT)


@given(MOVE_LISTS)
def test_withheld_items_are_never_granted(tried: list[Move]) -> None:
    assert walk(arrival(SharingClass.WITHHELD), tried)[0] is ApplicationState.REFUSED


@given(MOVE_LISTS, MOVE_LISTS)
def test_what_is_final_stays(first: list[Move], then: list[Move]) -> None:
    state, _ = walk(arrival(SharingClass.CONDITIONAL), first)
    if state in FINAL:
        assert walk(state, then) == (state, [])


@given(MOVE_LISTS)
def test_a_withdrawn_part_is_not_decided(tried: list[Move]) -> None:
    _, made = walk(arrival(SharingClass.CONDITIONAL), tried)
    if Move.WITHDRAW in made:
        assert made[-1] is Move.WITHDRAW


def test_every_state_has_its_place_and_every_grant_its_way() -> None:
    assert set(PROGRESS) == set(ApplicationState)
    leading = [move for move, (_, to) in MOVES.items() if to is ApplicationState.GRANTED]
    assert leading == [Move.GRANT]
