"""Faults that public systems of this kind are known to have had, and the test that fails if we have one too.

Each was tried by building the fault in. The names follow the thread or file where the fault was read.
"""

import ast

import pytest

from architecture.deployables import ROOT

LESSONS = {
    "the check of what is revoked fails, and lets through": (
        "gateway/test_outage.py::test_a_writer_that_falls_silent_stops_only_what_rests_on_it",
        "gateway/test_outage.py::test_without_its_lease_a_replica_serves_no_data",
    ),
    "data leaves although its record was not taken": (
        "gateway/test_pipeline.py::TestRecord::test_none_no_row",
        "gateway/test_limits.py::TestPurpose::test_a_stated_purpose_is_a_line_of_text",
    ),
    "acknowledging one message acknowledges one before it that failed": (
        "chassis/test_consumers.py::test_one_fails_the_next_succeeds_and_the_one_still_comes",
    ),
    "the serving role may alter or delete the ledger": (
        "audit/test_ledger.py::TestRights::test_the_serving_role_cannot_change_what_was_recorded",
        "audit/test_ledger.py::TestRights::test_nor_update_it",
    ),
    "a slow subscriber loses events, an expired one keeps getting them": (
        "gateway/test_integrators.py::TestHearing::test_no_gap_across_reconnects_and_downtime",
        "gateway/test_integrators.py::TestGrants::test_a_grant_ends_by_time_alone",
    ),
    "nobody has to approve, so it is approved": (
        "sharing/test_states.py::test_no_path_to_a_grant_without_every_consent_in_its_order",
        "opening/test_domain.py::TestReview::test_decides",
        "gateway/test_routes.py::test_an_unsound_route_refuses_to_boot",
    ),
    "the message goes out before the change is committed": (
        "chassis/test_outbox.py::test_what_is_rolled_back_is_never_announced",
        "chassis/test_kill.py::test_killed_and_started_again_there_is_one_of_everything",
    ),
    "a handler that crashes counts its message as handled": (
        "chassis/test_consumers.py::test_poison_is_parked_and_everybody_else_flows",
    ),
    "a class or state that is missing counts as public": (
        "gateway/test_policy.py::test_the_policy_agrees_with_the_tables_everywhere",
        "gateway/test_policy.py::test_an_unknown_word_makes_no_fact",
    ),
    "an event that cannot be published is logged and gone": (
        "chassis/test_outbox.py::test_after_a_failure_nothing_of_that_aggregate_overtakes",
        "chassis/test_outbox.py::test_a_message_carries_its_id_and_the_trace",
        "faults/test_outages.py::test_without_nats_a_push_is_taken_and_its_event_follows",
    ),
    "one of several planes forgets to check the period": (
        "gateway/test_policy.py::test_the_policy_agrees_with_the_tables_everywhere",
        "gateway/test_integrators_table.py::test_each_requester_hears_what_it_may_subscribe_to",
    ),
    "without a token configured everything is open": (
        "chassis/test_small_parts.py::TestSettings::test_what_has_no_default_must_be_said",
        "architecture/test_secrets.py::test_no_secret_has_a_default",
        "chassis/test_small_parts.py::TestSettings::test_an_empty_secret_is_none",
        "architecture/test_routes_are_guarded.py::test_every_route_has_a_guard",
    ),
    "the change is stored and its announcement is a second step": (
        "chassis/test_outbox.py::test_what_is_rolled_back_is_never_announced",
        "chassis/test_session.py::test_a_wrong_answer_is_not_committed",
    ),
    "a cursor over ids passes over what commits later": (
        "chassis/test_outbox.py::test_ids_that_commit_out_of_order_lose_nothing",
    ),
    "edits that cancel out are merged, and nobody hears of either": (
        "catalog/test_life.py::test_a_change_and_its_undoing_are_two_events",
    ),
    "an older snapshot overwrites what a newer event told": (
        "sharing/test_datasets.py::TestOrder::test_never_lets_an_older_event_win",
        "opening/test_datasets.py::test_what_comes_late_takes_no_listing_down",
    ),
    "trying again floods the queue; a consumer is dead and nobody notices": (
        "chassis/test_dispatch.py::test_what_stays_unanswered_is_offered_ever_less_often",
        "gateway/test_pipeline.py::TestRecord::test_endings_that_no_stream_takes_are_kept_up_to_a_bound",
        "chassis/test_consumers.py::test_a_dead_pull_with_messages_waiting_is_given_up",
    ),
    "one bad record or dead subscriber stalls all": (
        "chassis/test_consumers.py::test_poison_is_parked_and_everybody_else_flows",
        "sharing/test_grants.py::TestExpiry::test_one_that_cannot_be_ended_stops_no_other",
        "gateway/test_integrators.py::TestGrants::test_one_that_cannot_be_narrowed_keeps_no_other_from_it",
    ),
    "sealing the log stalls traffic": (
        "audit/test_ledger.py::TestSign::test_sealing_stalls_no_recording",
    ),
    "who applied approves, through a team or a deputy": (
        "sharing/test_applications.py::TestEndorse::test_nobody_decides_their_own",
        "sharing/test_domain.py::TestEndorsement::test_nobody_decides_their_own",
    ),
    "revoked is said before it is so; ending breaks on an odd state": (
        "gateway/test_settlements.py::test_it_is_settled_when_every_lease_acknowledges_it",
        "sharing/test_grants.py::TestExpiry::test_the_timer_finds_it",
    ),
    "a list asks once for every line; who waits for a connection waits for minutes": (
        "sharing/test_statements.py::test_a_list_takes_as_many_statements_however_long_it_is",
        "catalog/test_statements.py::test_a_list_takes_as_many_statements_however_long_it_is",
        "chassis/test_session.py::test_who_waits_for_a_connection_waits_for_so_long_and_no_longer",
    ),
    "what the caller wrote is run as SQL": (
        "chassis/test_rows_sql.py::test_no_value_reaches_the_text",
        "chassis/test_rows_sql.py::test_no_name_but_a_columns_reaches_the_text",
    ),
}


def defined(address: str) -> bool:
    """Whether there is such a test: found in the text, so that nothing has to be started."""
    path, *names = address.split("::")
    found: ast.AST | None = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    for name in names:
        inner = ast.iter_child_nodes(found) if found else ()
        found = next((node for node in inner if getattr(node, "name", "") == name), None)
    return found is not None


@pytest.mark.parametrize(("fault", "tests"), LESSONS.items(), ids=list(LESSONS))
def test_the_tests_that_would_fail_are_there(fault: str, tests: tuple[str, ...]) -> None:
    assert [each for each in tests if not defined(each)] == []
