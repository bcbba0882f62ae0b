"""What status says of a stage, and how the stages compare."""

from __future__ import annotations

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
