"""What status says of a stage, and how the stages compare."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scripts.decisions.schedule_switch import by_hand_lines
from scripts.decisions.status import StageStatus, comparison, status_lines

PREPROD = StageStatus("preprod", "2", None, "CREATE_COMPLETE", "r2", "arn", True, "rate(1 day) ENABLED")
PROD = StageStatus("prod", "3", None, "CREATE_COMPLETE", "r1", "arn", True, "rate(1 day) ENABLED")


def test_a_stage_without_a_deployment_names_the_command() -> None:
    assert "make deploy STAGE=prod" in status_lines(StageStatus("prod", "3"))[-1]


def test_a_stage_that_cannot_be_read_says_why() -> None:
    assert status_lines(StageStatus("prod", "3", problem="no foundation; next: make bootstrap"))[1].endswith(
        "make bootstrap"
    )


def test_a_verification_is_told_in_words() -> None:
    for verified, words in ((True, "r2, verified"), (False, "verification failed"), (None, "not verified")):
        assert any(words in line for line in status_lines(StageStatus(**{**vars(PREPROD), "verified": verified})))


def test_a_stage_that_is_not_deployed_by_hand_leads_to_its_codepipeline() -> None:
    assert "make approve" in status_lines(StageStatus("prod", "3", deployed_by_hand=False))[-1]


def test_who_broke_the_glass_is_told_whether_or_not_anything_is_deployed() -> None:
    uses = ("2030 deploy by arn:ada: fire",)
    assert "    ! 2030 deploy by arn:ada: fire" in shown(broken_glass=uses)
    assert "    ! 2030 deploy by arn:ada: fire" in status_lines(StageStatus("prod", "3", broken_glass=uses))
    assert "glass" not in shown()


def shown(**changes: Any) -> str:
    return "\n".join(status_lines(replace(PROD, **changes)))


def test_an_alarm_that_rings_is_named_with_since_when_and_why_before_those_without_data() -> None:
    def alarm(name: str, state: str) -> dict[str, str]:
        return {"name": name, "state": state, "reason": f"because {name}", "since": "2030-01-01"}

    lines = shown(alarms=(alarm("Fine", "OK"), alarm("New", "INSUFFICIENT_DATA"), alarm("Bad", "ALARM"))).splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("  alarms"))
    assert lines[at].split() == ["alarms", "1", "of", "3", "OK"]
    assert lines[at + 1].split() == ["!", "ALARM", "Bad", "since", "2030-01-01:", "because", "Bad"]
    assert lines[at + 2].split()[:3] == ["?", "INSUFFICIENT_DATA", "New"]
    assert "Fine" not in "\n".join(lines)


def test_who_approved_is_told_or_that_nobody_is_known_to_have() -> None:
    approval = {"execution_id": "e", "at": "2030-01-01", "by": "arn:ann", "reason": "good figures"}
    assert "approved       2030-01-01, by arn:ann: good figures" in shown(approval=approval)
    assert "approved       unknown: access denied" in shown(approval={"problem": "unknown: access denied"})
    assert "approved" not in shown()


def test_a_rule_that_was_switched_by_hand_is_told_with_what_sets_it_right() -> None:
    (line,) = by_hand_lines("ENABLED", "DISABLED", "prod", by_hand=False)
    told = shown(schedule="rate(1 day) DISABLED", schedule_by_hand=(line,))
    assert "schedule       off, rate(1 day)\n    ! disabled by hand in EventBridge" in told
    assert "make schedule STAGE=prod ON" in told
    assert "make schedule STAGE=prod OFF" in by_hand_lines("DISABLED", "ENABLED", "prod", by_hand=True)[0]
    for declared, actual in (("ENABLED", "ENABLED"), ("DISABLED", "DISABLED"), (None, "ENABLED"), ("ENABLED", None)):
        assert by_hand_lines(declared, actual, "prod", by_hand=True) == []


def test_a_schedule_is_on_with_its_next_run_or_off_with_why() -> None:
    assert "schedule       on, rate(1 day), next run within 1 day" in shown(next_run="within 1 day")
    off = shown(schedule="rate(1 day) DISABLED", schedule_off=("schedule off since 3, by ada: bad input",))
    assert "schedule       off, rate(1 day)\n    ! schedule off since 3, by ada: bad input" in off
    assert "still on: switch it off again" in shown(schedule_off=("schedule off since 3, by ada: bad input",))


def test_stages_are_compared_only_where_there_are_two_releases() -> None:
    assert comparison([PREPROD, StageStatus("prod", "3")]) is None
    assert (
        comparison([PREPROD, StageStatus(**{**vars(PROD), "release_id": "r2"})])
        == "prod has the same release as preprod."
    )


def test_the_next_step_depends_on_the_verification() -> None:
    assert "make plan STAGE=prod" in str(comparison([PREPROD, PROD]))
    assert "make deploy STAGE=preprod" in str(comparison([StageStatus(**{**vars(PREPROD), "verified": None}), PROD]))


def test_what_passed_on_other_input_is_not_called_verified_and_may_go_to_prod() -> None:
    aged = StageStatus(**{**vars(PREPROD), "verified": None, "passed_once": True, "doubts": ("the input changed",)})
    shown = "\n".join(status_lines(aged))
    assert "r2, not verified as it is now" in shown
    assert "the input changed" in shown
    assert "make verify STAGE=preprod" in shown
    assert str(comparison([aged, PROD])).endswith("(it has passed); next: make plan STAGE=prod")


def test_what_a_running_execution_waits_for_and_what_has_no_key_are_told() -> None:
    lines = status_lines(
        StageStatus(**{**vars(PREPROD), "waits": ("run-1: Score waits",), "notes": ("step Score: no key",)})
    )
    assert "    ! run-1: Score waits" in lines
    assert "  encryption     step Score: no key" in lines
