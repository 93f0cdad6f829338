"""Each request counts once, by how it ended."""

from typing import Any

from bot.cli.soak.accounting import LOADING, Asked, Report, Row, report
from bot.cli.soak.crowd import Observed

ASKED = "interaction:1"


def message(id: str, *custom_ids: str, text: str = "", pictures: bool = False, **fields: Any) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"type": 2, "custom_id": each} for each in custom_ids]
    if text:
        parts.append({"type": 10, "content": text})
    if pictures:
        parts.append({"type": 12, "items": []})
    asked = {"interaction_metadata": {"id": "1"}, "channel_id": "3", "dm_of": None}
    return {"id": id, "content": "", "flags": 0, "components": [{"type": 17, "components": parts}]} | asked | fields


def row(state: str = "completed", key: str = ASKED, message_id: str | None = "5") -> Row:
    return Row(7, key, state, message_id, "9", True)


def outcome_of(rows: list[Row], *messages: dict[str, Any], requests: int = 1) -> Report:
    observed = Observed(
        interactions={"1": {"id": "1", "type": 5, "message": "5"}},
        messages={each["id"]: each for each in messages},
    )
    return report(rows, observed, {"1": Asked(requests, draft="4")})


RESULT = message("5", "noisefox:delete:7:0", pictures=True)


def test_pictures_in_the_message_are_posted() -> None:
    outcome = outcome_of([row()], RESULT)
    assert (outcome.accepted, outcome.posted, outcome.is_clean) == (1, 1, True)


def test_a_request_that_was_not_acknowledged_is_not_counted() -> None:
    observed = Observed(interactions={"1": {"id": "1", "type": 0, "message": None}})
    assert report([row()], observed, {"1": Asked()}).accepted == 0


def test_a_sentence_is_a_reason() -> None:
    outcome = outcome_of([row("failed")], message("5", "noisefox:reroll:7:0", text="a fox\nCancelled."))
    assert (outcome.failed, outcome.reasons) == (1, {"Cancelled.": 1})


def test_a_request_without_a_row_is_lost() -> None:
    outcome = outcome_of([], message("5", flags=LOADING))
    assert (outcome.accepted, outcome.lost, outcome.is_clean) == (1, 1, False)


def test_a_part_of_a_request_for_many_can_be_lost() -> None:
    outcome = outcome_of([row()], RESULT, requests=6)
    assert (outcome.accepted, outcome.posted, outcome.lost) == (6, 1, 5)


def test_requests_may_be_known_by_the_draft_that_was_decided_on() -> None:
    outcome = outcome_of([row(key="draft:4")], RESULT, requests=2)
    assert (outcome.accepted, outcome.posted, outcome.lost) == (2, 1, 1)


def test_a_refusal_after_the_acknowledgement_is_a_reason() -> None:
    outcome = outcome_of([], message("6", content="The queue is full."))
    assert (outcome.failed, outcome.lost, outcome.reasons) == (1, 0, {"The queue is full.": 1})


def test_a_message_that_promises_more_is_stuck() -> None:
    for open_message in (
        message("5", flags=LOADING),
        message("5", "noisefox:cancel:7:0", text="step 1 of 3"),
        message("5", text="a fox\nStarting…"),
        {"id": "5", "deleted": True},
    ):
        outcome = outcome_of([row("drawing")], open_message)
        assert (outcome.accepted, outcome.stuck) == (1, 1), open_message


def test_an_owner_who_was_told_elsewhere_has_a_reason() -> None:
    told = message("8", text="It is in /history, number 7.", dm_of="9", channel_id="4")
    del told["interaction_metadata"]
    outcome = outcome_of([row()], message("5", flags=LOADING), told)
    assert (outcome.failed, outcome.stuck) == (1, 0)


def test_pictures_that_somebody_had_sent_do_not_end_a_request() -> None:
    sent = message("8", text="a fox · number 7", pictures=True, dm_of="9", channel_id="4")
    del sent["interaction_metadata"]
    outcome = outcome_of([row()], message("5", flags=LOADING), sent)
    assert (outcome.failed, outcome.stuck) == (0, 1)


def test_a_result_in_two_messages_is_duplicated() -> None:
    outcome = outcome_of([row()], RESULT, message("6", "noisefox:delete:7:0", pictures=True))
    assert (outcome.posted, outcome.duplicated, outcome.is_clean) == (1, 1, False)


def test_a_reply_to_a_reaction_that_no_row_belongs_to_is_lost() -> None:
    reply = message("6", text="a fox\nStarting…", message_reference={"message_id": "5"})
    del reply["interaction_metadata"]
    outcome = outcome_of([row()], RESULT, reply)
    assert (outcome.accepted, outcome.posted, outcome.lost) == (2, 1, 1)


def test_a_request_by_reaction_ends_in_its_reply() -> None:
    by_reaction = row(key="reaction:5:9:reroll", message_id="6")
    assert report([by_reaction], Observed(messages={"6": RESULT | {"id": "6"}}), {}).posted == 1
