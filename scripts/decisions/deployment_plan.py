"""The decision that ``plan`` prints and ``deploy`` executes: everything that bringing a release to a stage will do.

It is made from what was read before anything is changed, and holds all that the execution needs, so that both verbs
speak of the same thing. Equal readings give an equal plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.decisions.canonical import sha256_of
from scripts.decisions.change_set import PropertyChange, parameter_changes
from scripts.decisions.drift import Difference, Expected, drift_lines, repairable
from scripts.decisions.foundation import Foundation
from scripts.decisions.names import StageNames
from scripts.decisions.promotion import Promotion
from scripts.decisions.release import Release, read_release
from scripts.decisions.stacks import RELEASE_CHANGE_SETS, Readiness, Stack
from scripts.decisions.verification_record import Standing
from scripts.errors import ReleaseError

TO_BE_REGISTERED = "(registered by this deployment)"


@dataclass(frozen=True)
class Upload:
    """A small object of ours for the stage's bucket; its key holds a digest of the content, or the release's id."""

    key: str
    content: bytes
    content_type: str
    release_id: str | None = None  # of a release.json: its other fields say when it was made first

    def is_there(self, there: bytes) -> bool:
        """Whether what is under its key is this already. A release has many documents; the first one stays."""
        if there == self.content:
            return True
        if self.release_id is None:
            return False
        try:
            return read_release(there, self.key).release_id == self.release_id
        except ReleaseError:
            return False


@dataclass(frozen=True)
class RegisteredPackage:
    """The release's model package in the stage's account, where it is already there."""

    arn: str
    status: str


@dataclass(frozen=True)
class DeploymentPlan:
    """What ``deploy`` will do, in this order: promote, upload, change the stack, verify."""

    stage: str
    names: StageNames
    release: Release
    foundation: Foundation
    promotion: Promotion
    package: RegisteredPackage | None
    uploads: tuple[Upload, ...]
    template: str
    parameters: dict[str, str]
    tags: dict[str, str]
    stack: Stack | None
    readiness: Readiness
    verification: Standing
    unverified: bool
    schedule: tuple[str, ...] = ()  # why the schedule is off and stays so, one line each
    notes: tuple[str, ...] = ()  # of its jobs: keys that are left out, limits of the model's server, quotas
    drift: tuple[Difference, ...] = ()  # what is live and not as the live release was made
    as_released: tuple[Expected, ...] = ()  # the resources of the live release, to put them back

    @property
    def promotes(self) -> bool:
        """Whether a model package will be registered."""
        return self.package is None

    @property
    def package_from(self) -> str | None:
        """The ARN of the model package that is live now."""
        return self.stack.parameters.get("ModelPackageName") if self.stack else None

    @property
    def release_from(self) -> str | None:
        return self.stack.parameters.get("ReleaseId") if self.stack else None

    @property
    def changes(self) -> tuple[PropertyChange, ...]:
        """What changes in the stack's parameters; all of them for a new stack."""
        return parameter_changes(self._current_parameters, self._wanted_parameters)

    @property
    def changes_stack(self) -> bool:
        if self.stack is None or self.readiness != "update":
            return True
        tags = {name: self.stack.tags.get(name) for name in self.tags}
        lost = any(not each.in_stack for each in self.drift)  # CloudFormation alone can give it back to the stack
        return bool(self.changes) or tags != self.tags or lost

    @property
    def repairs(self) -> tuple[Difference, ...]:
        """What this deployment puts back as it was released."""
        return repairable(self.drift)

    @property
    def told(self) -> tuple[Difference, ...]:
        """Drift that no deployment may mend: of the foundation's roles."""
        return tuple(each for each in self.drift if each not in self.repairs)

    @property
    def lost_bytes(self) -> bool:
        """Whether something in the bucket is gone or is not what was released."""
        return any(each.place == "bucket" for each in self.drift)

    @property
    def verifies(self) -> bool:
        """Whether the pipeline is run: not where a record says that just what is there now has passed."""
        drifted = any(each.is_run for each in self.repairs)
        return self.changes_stack or self.stack is None or drifted or not self.verification.stands

    @property
    def is_released(self) -> bool:
        """Whether the stage has just this, and it passed there, be it on other input than today's."""
        passed = self.verification.stands or (self.verification.passed_once and self.verification.only_input_changed)
        # Other drift is none of the CodePipeline's: its stack action would find nothing to change.
        return passed and not (self.promotes or self.changes_stack or self.lost_bytes)

    @property
    def nothing_to_do(self) -> bool:
        return not (self.promotes or self.changes_stack or self.verifies or self.repairs)

    def change_set_name(self, package_arn: str) -> str:
        """The same for the same change, so that an interrupted run's change set is found again."""
        content = sha256_of([self.with_package(package_arn), self.tags])
        return f"{RELEASE_CHANGE_SETS}-{self.release.release_id}-{content[:8]}"

    def with_package(self, arn: str) -> dict[str, str]:
        """The stack's parameters once the model package is registered."""
        return {**self.parameters, "ModelPackageName": arn}

    @property
    def _wanted_parameters(self) -> dict[str, str]:
        return self.with_package(self.package.arn if self.package else TO_BE_REGISTERED)

    @property
    def _current_parameters(self) -> dict[str, str]:
        known = self.parameters.keys() | {"ModelPackageName"}
        if self.stack is None:
            return {}
        return {name: value for name, value in self.stack.parameters.items() if name in known}


def plan_lines(plan: DeploymentPlan) -> list[str]:
    """The plan for people, one line each."""
    package = plan.release.model_package
    other = plan.release_from not in (None, plan.release.release_id)
    replaced = f", in place of {plan.release_from}" if other else ""
    lines = [
        f"Release {plan.release.release_id}: {package.group} version {package.version}, "
        f"pipeline {plan.release.pipeline.name}{replaced}"
    ]
    if plan.unverified:
        lines.append("  ! not verified in preprod: deployed because UNVERIFIED=1 is set; this is recorded")
    lines += [f"  ! {each}" for each in (*plan.schedule, *plan.notes)]
    lines += told_lines(plan)
    if plan.nothing_to_do:
        return [*lines, f"Nothing to do: stage {plan.stage} already has this release, and it is verified."]
    if plan.repairs:
        lines.append(f"Drift: {len(plan.repairs)} not as released, by hand; this deployment puts it back")
        lines += [f"    {each}" for each in drift_lines(plan.repairs)]
    lines.append(_promotion_line(plan))
    if plan.changes_stack:
        verb = "create" if plan.readiness == "create" else "change"
        if plan.readiness == "wait":
            verb = "wait for the running change"
        lines.append(f"Stack {plan.names.batch_stack}: {verb}")
        lines += [f"    {each}" for each in plan.changes] if plan.readiness == "update" else []
    else:
        lines.append(f"Stack {plan.names.batch_stack}: unchanged")
    return [*lines, *_verification_lines(plan)]


def told_lines(plan: DeploymentPlan) -> list[str]:
    """Drift that no deployment mends, one line each."""
    lines = [f"  ! not as the foundation made it: {each}" for each in drift_lines(plan.told)]
    return [*lines, "    next: make bootstrap   # puts the roles back"] if lines else []


def _verification_lines(plan: DeploymentPlan) -> list[str]:
    """Why the pipeline is run where the stack alone does not say it."""
    if not plan.verifies:
        return ["Verification: passed before"]
    lines = ["Verification: run the pipeline and check its output"]
    if plan.changes_stack or plan.stack is None:
        return lines
    failed = ["it failed the last time"] if plan.verification.failed else []
    return [*lines, *(f"    {reason}" for reason in failed or plan.verification.doubts)]


def _promotion_line(plan: DeploymentPlan) -> str:
    if plan.package is None:
        return f"Model package: copy {len(plan.promotion.copies)} objects, register in group {plan.promotion.group}"
    if plan.package.status != "Completed":
        return f"Model package: wait for {plan.package.arn} ({plan.package.status})"
    return f"Model package: {plan.package.arn} exists already"
