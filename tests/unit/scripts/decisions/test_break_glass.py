"""Breaking the glass: who needs no reason, who must give one, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.break_glass import LONGEST_REASON, LONGEST_SUBJECT, Use, read_use, way_of
from scripts.errors import GuardedStageError, UsageError

VERBS = ["deploy", "promote", "verify", "run", "schedule", "destroy"]
USE = Use("2030-01-02T03:04:05+00:00", "arn:ada", "fire", "deploy", "prod", "churn", "deploy --stage prod", "abcd")


def asked(reason: str | None, verb: str = "deploy", *, hand: bool = False, build: bool = False) -> str | None:
    return way_of("prod", verb, reason, deployed_by_hand=hand, in_build=build, role_exists=True)


@pytest.mark.parametrize("verb", VERBS)
def test_a_person_changes_no_stage_that_is_not_deployed_by_hand_and_hears_both_ways_out(verb: str) -> None:
    with pytest.raises(GuardedStageError) as refused:
        asked(None, verb)
    told = refused.value.next_command or ""
    again = "the same command with" if verb == "schedule" else f"make {verb} STAGE=prod"
    assert told.endswith(f'{again} BREAK_GLASS="why"')
    assert "BREAK_GLASS" not in "".join(refused.value.found)
    assert told.startswith("in an emergency") is (verb == "destroy")  # all else has a way of its own, which is first
    assert "in an emergency" in told
    assert "{" not in told


def test_where_nobody_may_break_the_glass_the_refusal_says_where_to_name_somebody() -> None:
    with pytest.raises(GuardedStageError) as refused:
        way_of("prod", "deploy", None, deployed_by_hand=False, in_build=False, role_exists=False)
    assert "break_glass: in stages/prod.yml, make bootstrap" in str(refused.value.next_command)


def test_a_stage_deployed_by_hand_and_a_build_need_no_reason_and_take_none() -> None:
    for hand, build in ((True, False), (False, True), (True, True)):
        assert asked(None, hand=hand, build=build) is None
        with pytest.raises(UsageError, match="no glass to break"):
            asked("fire", hand=hand, build=build)


@pytest.mark.parametrize("reason", ["", "  ", "\n", "x" * (LONGEST_REASON + 1)])
def test_a_blank_reason_is_none_and_one_too_long_is_refused(reason: str) -> None:
    with pytest.raises(UsageError, match=r"BREAK_GLASS|reason"):
        asked(reason)


def test_the_reason_is_what_was_given() -> None:
    assert asked(" fire in the model ") == "fire in the model"


TEXT = st.text()


@given(st.builds(Use, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.none() | TEXT))
def test_a_use_is_read_as_it_was_written_and_its_subject_fits_sns(use: Use) -> None:
    assert read_use(use.written(), "there") == use
    assert len(use.subject) <= LONGEST_SUBJECT


@given(st.binary() | st.sampled_from([b"[]", b"null", b'{"format": 1}', b'{"format": 2}', b'{"format": 1, "x": 1}']))
def test_what_is_no_use_is_told_in_its_place(content: bytes) -> None:
    assert "there is" in read_use(content, "there")  # type: ignore[operator]


def test_uses_sort_by_time_and_two_of_one_second_are_two() -> None:
    later = Use(**{**vars(USE), "at": "2030-01-02T03:04:06+00:00"})
    assert USE.key("1") != USE.key("2")
    assert sorted([later.key("0"), USE.key("9")]) == [USE.key("9"), later.key("0")]
    assert USE.key("1").startswith("break-glass/2030-01-02T03-04-05")


def test_the_message_says_who_when_why_what_and_how() -> None:
    for word in (USE.by, USE.at, USE.reason, "churn", "abcd", USE.command):
        assert word in USE.message
