"""Chooses the model package that would be released: the newest Approved version of the stage's group in dev.

It asks the registry once and pins nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.decisions.model_packages import PackageSummary, choose_package, no_group, nothing_approved, passed_over
from scripts.errors import ModelPackageError
from scripts.flows.stage_context import StageContext


@dataclass(frozen=True)
class Resolved:
    """The chosen version, as the registry describes it, and Approved ones that could not be chosen."""

    summary: PackageSummary
    package: dict[str, Any]
    skipped: list[PackageSummary]


def resolve(context: StageContext) -> Resolved:
    """The newest Approved version of the stage's group. Raises ModelPackageError that says what there is instead."""
    group, account = context.settings.model_package_group, context.settings.dev_account
    registry = context.dev_registry
    approved = registry.newest_approved(group)
    chosen = choose_package(approved)
    if chosen is None:
        if not registry.has_group(group):
            raise no_group(group, account, registry.groups(), context.settings.pipeline)
        raise nothing_approved(group, account, registry.versions(group), context.settings.pipeline)
    return Resolved(chosen, described(context, chosen.arn), passed_over(approved, chosen))


def described(context: StageContext, arn: str) -> dict[str, Any]:
    """What dev's registry says of a version. Raises ModelPackageError where it is gone."""
    package = context.dev_registry.describe(arn)
    if package is None:
        raise ModelPackageError(
            f"{arn} no longer exists in the registry", next_command="make release   # of another version"
        )
    return package
