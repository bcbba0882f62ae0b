"""Everything that stands before the first release, planned as a whole and then deployed: foundations and toolchain.

What settings and options tell is found valid before AWS is asked for anything; what AWS would change is known before
anybody has to say yes. Which of it is shown, and how it is asked for, is the verb's matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scripts.decisions.stacks import Stack
from scripts.decisions.toolchain import CODECOMMIT, ToolchainOptions
from scripts.errors import UsageError
from scripts.flows.administrators import Administrators
from scripts.flows.bootstrap_stack import PlannedStack, discard
from scripts.flows.deploy_foundation import (
    FoundationPlan,
    deploy_foundation,
    foundation_parameters,
    plan_foundation,
    require_own_place,
    told_parameters,
)
from scripts.flows.deploy_toolchain import (
    Agree,
    Told,
    ToolchainPlan,
    deploy_toolchain,
    plan_toolchain,
    told_for_toolchain,
)
from scripts.flows.stage_context import StageContext
from scripts.flows.toolchain_source import require_commit, require_repository_root
from scripts.terminal.progress import Progress
from scripts.workspace.pipelines import pipeline_names
from scripts.workspace.stage_files import stage_names
from scripts.workspace.toolchain_file import toolchain_settings


@dataclass(frozen=True)
class Scope:
    """What is bootstrapped: ``contexts`` by stage, ``pipelines`` by pipeline and then by stage."""

    contexts: dict[str, StageContext]
    pipelines: dict[str, dict[str, StageContext]]
    with_foundations: bool
    with_toolchain: bool

    @classmethod
    def open(cls, stages: Sequence[str], with_foundations: bool, with_toolchain: bool) -> Scope:
        """Some stages' foundations alone, or where none are named all of them and the toolchain."""
        names = stages or stage_names()
        if not names:
            raise UsageError(
                "there are no stage files in stages/",
                next_command="write stages/preprod.yml; its schema is stages/schema.json",
            )
        contexts = {name: StageContext.open(name, any_pipeline=True) for name in names}
        pipelines = {each: {name: StageContext.open(name, each) for name in names} for each in pipeline_names()}
        return cls(contexts, pipelines, with_foundations, with_toolchain and not stages)

    @property
    def dev(self) -> StageContext:
        return next(iter(self.contexts.values()))

    @property
    def founded(self) -> list[StageContext]:
        return list(self.contexts.values()) if self.with_foundations else []

    def pipelines_of(self, stage: str) -> list[StageContext]:
        return [each[stage] for each in self.pipelines.values()]

    def require_valid(self, options: ToolchainOptions) -> Told | None:
        """What the toolchain is told, if it is meant. Raises SettingsError or UsageError for what is told wrong."""
        if self.with_toolchain:
            require_repository_root()
        for name, context in self.contexts.items():
            told_parameters(context, self.pipelines_of(name), foundation_parameters())
        if not self.with_toolchain:
            return None
        return told_for_toolchain(self.contexts, self.pipelines, options, toolchain_settings())

    @staticmethod
    def require_source(toolchain: Mapping[str, str]) -> None:
        """Raises UsageError where a toolchain with these parameters would have nothing to build from."""
        if toolchain.get("SourceProvider", CODECOMMIT) == CODECOMMIT:
            require_commit()


@dataclass(frozen=True)
class BootstrapPlan:
    scope: Scope
    administrators: Administrators
    foundations: dict[str, FoundationPlan]
    toolchain: ToolchainPlan | None

    @property
    def shown(self) -> list[PlannedStack]:
        founded = [stack for each in self.foundations.values() for stack in each.stacks]
        return [*founded, *(self.toolchain.shown if self.toolchain else [])]

    @property
    def later(self) -> list[str]:
        """The stacks of which nothing can be shown before the toolchain stands."""
        return [each.name for each in self.toolchain.later] if self.toolchain else []

    @property
    def notes(self) -> list[str]:
        return self.toolchain.artifacts if self.toolchain else []

    def discard(self) -> None:
        """Leave nothing behind of a plan that nobody wants."""
        for each in self.shown:
            discard(each)


def plan_bootstrap(
    scope: Scope, told: Told | None, administrators: Administrators, progress: Progress
) -> BootstrapPlan:
    for context in scope.founded:
        require_own_place(context, administrators)
    foundations = {
        context.stage: plan_foundation(context, scope.pipelines_of(context.stage), administrators, progress)
        for context in scope.founded
    }
    toolchain = plan_toolchain(scope.contexts, scope.pipelines, told, progress) if told else None
    return BootstrapPlan(scope, administrators, foundations, toolchain)


def deploy_bootstrap(plan: BootstrapPlan, agree: Agree, progress: Progress) -> Iterator[tuple[str | None, Stack, bool]]:
    """(stage or None, its stack, whether it was changed) of each stack, as it is done."""
    for stage, planned in plan.foundations.items():
        context = plan.scope.contexts[stage]
        with progress.step(f"Foundation of {stage} in account {context.settings.account}"):
            stack, changed = deploy_foundation(context, planned, plan.administrators, progress)
            yield stage, stack, changed
    if plan.toolchain:
        with progress.step(f"Toolchain and CodePipelines in account {plan.scope.dev.settings.dev_account}"):
            for stack, changed in deploy_toolchain(plan.toolchain, plan.scope.pipelines, agree, progress):
                yield None, stack, changed
