"""Carrying out a promotion: when a registered version is used again, waited for, or registered anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from scripts.decisions.deployment_plan import RegisteredPackage
from scripts.decisions.model_packages import PackageSummary
from scripts.decisions.promotion import Copy, plan_promotion
from scripts.errors import ModelPackageError
from scripts.flows.promote_package import promote, registered_package
from scripts.flows.stage_context import StageContext
from scripts.terminal.progress import Progress
from tests.unit.scripts.releases import BUCKET, CREATED, KEY_ARN, NAMES, SETTINGS, described_package, release

PROMOTION = plan_promotion(release(), described_package(), NAMES, BUCKET, KEY_ARN)


@dataclass
class FakeRegistry:
    """A stage's registry in memory. ``outcome`` is the status that a new version settles in."""

    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    outcome: str = "Completed"
    described: int = 0

    def add(self, status: str, **changes: Any) -> str:
        arn = f"arn:aws:sagemaker:ap-southeast-2:550011223344:model-package/{PROMOTION.group}/{len(self.packages) + 1}"
        self.packages[arn] = {**PROMOTION.request, "ModelPackageStatus": status, "CreationTime": CREATED, **changes}
        self.groups.add(PROMOTION.group)
        return arn

    def has_group(self, group: str) -> bool:
        return group in self.groups

    def create_group(self, group: str, description: str, tags: dict[str, str]) -> None:
        self.groups.add(group)

    def versions(self, group: str) -> list[PackageSummary]:
        return [
            PackageSummary(arn, group, number, each["ModelPackageStatus"], "Approved", each["CreationTime"])
            for number, (arn, each) in reversed(list(enumerate(self.packages.items(), 1)))
        ]

    def describe(self, arn: str) -> dict[str, Any] | None:
        self.described += 1
        return self.packages.get(arn)

    def create(self, request: dict[str, Any], token: str) -> str:
        return self.add(self.outcome)

    def wait_until_settled(self, arn: str) -> dict[str, Any]:
        if self.packages[arn]["ModelPackageStatus"] == "InProgress":
            self.packages[arn]["ModelPackageStatus"] = self.outcome
        return self.packages[arn]


class FakeObjects:
    def __init__(self) -> None:
        self.copied: list[Copy] = []

    def copy(self, copy: Copy, bucket: str, kms_key_arn: str, owner: str) -> bool:
        self.copied.append(copy)
        return True


@dataclass
class FakeContext:
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    dev_objects: FakeObjects = field(default_factory=FakeObjects)
    settings: Any = SETTINGS

    @property
    def promoter_registry(self) -> FakeRegistry:
        return self.registry

    @property
    def copying_objects(self) -> FakeObjects:
        return self.dev_objects

    stage: str = "preprod"
    deploys: str = "make deploy STAGE=preprod"


def run(context: FakeContext) -> str:
    stage = cast(StageContext, context)
    package = registered_package(stage, PROMOTION, None)
    return promote(stage, PROMOTION, package, Progress(colour=False))


def test_a_first_promotion_copies_everything_and_then_registers() -> None:
    context = FakeContext()
    arn = run(context)
    assert context.registry.packages[arn]["ModelPackageStatus"] == "Completed"
    assert context.dev_objects.copied == list(PROMOTION.copies)


def test_a_completed_version_is_used_again_without_a_copy() -> None:
    context = FakeContext()
    arn = context.registry.add("Completed")
    assert run(context) == arn
    assert context.dev_objects.copied == []


def test_a_failed_version_is_registered_anew() -> None:
    context = FakeContext()
    failed = context.registry.add("Failed")
    assert run(context) != failed
    assert len(context.registry.packages) == 2


@pytest.mark.parametrize("status", ["Pending", "InProgress"])
def test_a_version_in_progress_is_waited_for(status: str) -> None:
    context = FakeContext()
    arn = context.registry.add(status)
    assert registered_package(cast(StageContext, context), PROMOTION, None) == RegisteredPackage(arn, status)
    context.registry.packages[arn]["ModelPackageStatus"] = "InProgress"
    assert run(context) == arn
    assert len(context.registry.packages) == 1


def test_a_registration_that_fails_is_told_with_its_reason() -> None:
    context = FakeContext(FakeRegistry(outcome="Failed"))
    with pytest.raises(ModelPackageError, match="Failed"):
        run(context)


def test_a_version_of_another_source_is_not_taken_for_ours() -> None:
    context = FakeContext()
    other = context.registry.add("Completed", CustomerMetadataProperties={"source_model_package_arn": "other"})
    assert run(context) != other


def test_the_live_version_is_looked_at_first() -> None:
    context = FakeContext()
    for _ in range(5):
        context.registry.add("Completed", CustomerMetadataProperties={})
    arn = context.registry.add("Completed")
    assert registered_package(cast(StageContext, context), PROMOTION, arn) == RegisteredPackage(arn, "Completed")
    assert context.registry.described == 1
