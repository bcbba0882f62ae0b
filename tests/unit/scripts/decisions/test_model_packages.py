"""Which version is chosen, and what is said where none can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.model_packages import (
    PackageSummary,
    choose_package,
    last_changed_by,
    no_group,
    nothing_approved,
    passed_over,
    rejection,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def version(number: int, approval: str = "Approved", status: str = "Completed") -> PackageSummary:
    arn = f"arn:aws:sagemaker:ap-southeast-2:012345670123:model-package/g/{number}"
    return PackageSummary(arn, "g", number, status, approval, START + timedelta(days=number))


def test_the_newest_approved_version_is_chosen() -> None:
    versions = [version(4, "PendingManualApproval"), version(3), version(2, "Rejected"), version(1)]
    assert choose_package(versions) == version(3)


def test_an_approved_version_that_failed_is_passed_over_and_said() -> None:
    versions = [version(3, status="Failed"), version(2)]
    assert choose_package(versions) == version(2)
    assert passed_over(versions, version(2)) == [version(3, status="Failed")]


def test_without_an_approved_version_none_is_chosen() -> None:
    assert choose_package([version(2, "Rejected"), version(1, "PendingManualApproval")]) is None


@given(st.permutations([version(number) for number in range(1, 6)]))
def test_the_order_of_the_list_does_not_matter(versions: list[PackageSummary]) -> None:
    assert choose_package(versions) == version(5)


def test_the_error_says_which_versions_exist_and_their_status() -> None:
    error = nothing_approved(
        "g", "012345670123", [version(2, "Rejected"), version(1, "PendingManualApproval")], "churn"
    )
    assert any("version 2: Rejected" in line for line in error.found)
    assert any("version 1: PendingManualApproval" in line for line in error.found)
    assert error.exit_code == 7


def test_a_long_list_of_versions_is_cut() -> None:
    error = nothing_approved("g", "012345670123", [version(number, "Rejected") for number in range(50, 0, -1)], "churn")
    assert error.found[-1] == "and 30 older versions"


def test_a_group_that_does_not_exist_gets_a_hint() -> None:
    assert 'did you mean "berth-demand"' in no_group("berth-demnad", "1", ["berth-demand"], "churn").problem


ADA = "arn:aws:sts::012345670123:assumed-role/DataScientist/ada"


@pytest.mark.parametrize(
    ("package", "who"),
    [
        ({"LastModifiedBy": {"UserProfileName": "ada", "IamIdentity": {"Arn": ADA}}}, "ada"),
        ({"LastModifiedBy": {"IamIdentity": {"Arn": ADA}}, "CreatedBy": {"UserProfileName": "job"}}, ADA),
        ({"LastModifiedBy": {"IamIdentity": {"Arn": ADA, "SourceIdentity": "ada@example.com"}}}, "ada@example.com"),
        ({"CreatedBy": {"IamIdentity": {"Arn": ADA}}}, ADA),
        ({"LastModifiedBy": {}}, None),
        ({}, None),
    ],
)
def test_who_approved_is_a_user_profile_or_an_iam_identity(package: dict[str, Any], who: str | None) -> None:
    assert last_changed_by(package) == who


def test_a_live_version_that_was_rejected_since_is_told_with_the_way_back() -> None:
    package = {
        "ModelApprovalStatus": "Rejected",
        "LastModifiedTime": START,
        "ApprovalDescription": "biased",
        "LastModifiedBy": {"UserProfileName": "eva"},
    }
    told = rejection(package, 7, "prod")
    assert told == (
        "model version 7 is Rejected in dev since 2026-01-01 00:00, by eva: biased; next: make rollback STAGE=prod"
    )
    assert rejection({"ModelApprovalStatus": "Rejected"}, 7, "prod")
    for other in ("Approved", "PendingManualApproval", None):
        assert rejection({"ModelApprovalStatus": other}, 7, "prod") is None
