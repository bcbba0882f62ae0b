"""Deploys the toolchain into the dev account, and a CodePipeline for every pipeline over it.

Order matters. The toolchain comes first: the CodePipelines stand on it. Those that exist are changed before this
clone's commit is pushed, since what a push starts should run as of now; those that do not are made after it, because a
CodePipeline runs once as it is created, and must find its pipeline then. A repository on this machine gets this
clone's commit; any other is pushed to by whoever may. Of a CodePipeline whose folder is gone it is said how to delete
it; nothing is deleted here but what a template leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.decisions.artifact_places import BUCKETS, place_lines, toolchain_parameters_of
from scripts.decisions.names import CODEPIPELINE_TEMPLATE, TOOLCHAIN_TEMPLATE
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.template_parameters import Declared, checked, effective
from scripts.decisions.toolchain import (
    SharedValues,
    ToolchainOptions,
    codepipeline_parameters,
    decided_for_codepipeline,
    decided_for_toolchain,
    given_parameters,
    has_own_codepipeline,
    of_deleted_folders,
    toolchain_parameters,
)
from scripts.decisions.toolchain_settings import ToolchainSettings
from scripts.errors import DeploymentError, StackError, UsageError
from scripts.flows.bootstrap_stack import PlannedStack, carry_out, discard, plan_stack
from scripts.flows.find_artifacts import find_artifacts
from scripts.flows.stage_context import StageContext
from scripts.flows.toolchain_source import give_source
from scripts.gateways.codepipelines import CodePipelines
from scripts.gateways.stacks import StackRequest, Stacks
from scripts.terminal.progress import Progress
from scripts.workspace.template_files import template_parameters
from scripts.workspace.text_files import read_text
from scripts.workspace.toolchain_file import TOOLCHAIN_FILE

PipelineContexts = Mapping[str, Mapping[str, StageContext]]
"""By pipeline, and then by stage."""
Agree = Callable[[Sequence[PlannedStack]], None]
"""Shows plans and asks; it returns where a person, or an option, says yes."""


@dataclass(frozen=True)
class Told:
    """What options and ``stages/toolchain.yml`` give, checked against the templates: nothing was sent yet."""

    toolchain: dict[str, str]
    buckets: list[str]  # of model artifacts, by options
    codepipelines: dict[str, dict[str, str]]
    declared: Declared
    codepipeline_declared: Declared


@dataclass(frozen=True)
class ToolchainPlan:
    """The stacks of the dev account. ``known``: the CodePipelines whose changes can be shown before the toolchain's
    are made; ``later``: those that are new, and those that need what the toolchain does not export yet."""

    context: StageContext
    stacks: Stacks
    toolchain: PlannedStack
    known: list[PlannedStack]
    later: list[StackRequest]
    declared: Declared  # of codepipeline.yml
    source: Mapping[str, str]  # the toolchain's parameters, effective
    artifacts: list[str]  # lines about where the model artifacts lie

    @property
    def shown(self) -> list[PlannedStack]:
        return [self.toolchain, *self.known]


def told_for_toolchain(
    contexts: Mapping[str, StageContext],
    pipelines: PipelineContexts,
    options: ToolchainOptions,
    settings: ToolchainSettings,
    root: Path = Path(),
) -> Told:
    """Raises SettingsError for what a template would refuse, UsageError for an option that contradicts the file."""
    declared = template_parameters(root / TOOLCHAIN_TEMPLATE)
    of_codepipeline = template_parameters(root / CODEPIPELINE_TEMPLATE)
    place = str(TOOLCHAIN_FILE)
    decided = decided_for_toolchain(_settings(contexts))
    by_file = checked(settings.toolchain, declared, decided, f"toolchain: of {place}")
    given = checked(given_parameters(by_file, options, place), declared, frozenset(), "the options")
    each = {
        name: checked(
            settings.of_codepipeline(name),
            of_codepipeline,
            decided_for_codepipeline(_settings(stages)),
            f"codepipeline: of {place}",
        )
        for name, stages in pipelines.items()
    }
    if options.model_artifact_buckets and BUCKETS in by_file:
        raise UsageError(
            f"--model-artifact-bucket adds to what is found, and {place} says which buckets there are",
            found=[f"{BUCKETS}: {by_file[BUCKETS]}"],
            next_command=f"write the bucket into {place}, or leave the option out",
        )
    return Told(given, options.model_artifact_buckets or [], each, declared, of_codepipeline)


def plan_toolchain(
    contexts: Mapping[str, StageContext],
    pipelines: PipelineContexts,
    told: Told,
    progress: Progress,
    root: Path = Path(),
) -> ToolchainPlan:
    """The toolchain and each CodePipeline as templates, settings and what was told say now."""
    context = next(iter(contexts.values()))
    stacks = Stacks(context.dev, context.sleep, [context.names.toolchain_bucket, context.names.dev_bucket])
    before = stacks.describe(context.names.toolchain_stack)
    current = dict(before.parameters) if before else {}
    places = find_artifacts(next(iter(each.values())) for each in pipelines.values())
    found = toolchain_parameters_of(places, context.names, current, told.buckets)
    given = {**found, **told.toolchain}
    parameters = toolchain_parameters(_settings(contexts), given, current, told.declared)
    shared = SharedValues.of(parameters, told.declared, current, told.toolchain)
    if before:
        _require_idle(context, before)
    toolchain = plan_stack(
        stacks, _toolchain_request(context, parameters, root), told.declared, *_where(context), progress
    )
    known, later = [], []
    for name, stages in pipelines.items():
        request = _codepipeline_request(stacks, stages, shared, told, name, root)
        planned = _foreseen(stacks, request, told.codepipeline_declared, context, progress)
        if planned is None:
            later.append(request)
        else:
            known.append(planned)
    source = effective(parameters, told.declared, current)
    artifacts = place_lines(places, context.names, source)
    return ToolchainPlan(context, stacks, toolchain, known, later, told.codepipeline_declared, source, artifacts)


def deploy_toolchain(
    plan: ToolchainPlan,
    pipelines: PipelineContexts,
    agree: Agree,
    progress: Progress,
    root: Path = Path(),
) -> list[tuple[Stack, bool]]:
    """Carry the plan out; True where a stack was changed. What could not be foreseen is shown and asked for first."""
    deployed = [carry_out(plan.toolchain, progress)]
    for planned in _as_of_now(plan, deployed[0][1], agree, progress):
        progress.line(f"stack {planned.name}")
        deployed.append(carry_out(planned, progress))
    give_source(plan.context, plan.source, progress, root)
    for request in plan.later:
        planned = _planned(plan, request, progress)
        if planned.ready == "update" and planned.changes_something:
            _require_yes(agree, [planned], [planned])
        progress.line(f"stack {request.name}")
        deployed.append(carry_out(planned, progress))
    for line in of_deleted_folders(plan.stacks.all(), plan.context.names.project, pipelines):
        progress.line(line)
    return deployed


def _as_of_now(plan: ToolchainPlan, toolchain_changed: bool, agree: Agree, progress: Progress) -> list[PlannedStack]:
    """The CodePipelines' plans; made anew where the toolchain has changed, and asked for where they say otherwise."""
    if not toolchain_changed:
        return plan.known
    for each in plan.known:
        discard(each)
    again = [_planned(plan, each.request, progress) for each in plan.known]
    different = [now for now, before in zip(again, plan.known, strict=True) if now.lines() != before.lines()]
    if different:
        _require_yes(agree, different, again)
    return again


def _require_yes(agree: Agree, asked: Sequence[PlannedStack], planned: Sequence[PlannedStack]) -> None:
    """Ask; where the answer is no, nothing is left behind of what was planned."""
    try:
        agree(asked)
    except (UsageError, KeyboardInterrupt):
        for each in planned:
            discard(each)
        raise


def _planned(plan: ToolchainPlan, request: StackRequest, progress: Progress) -> PlannedStack:
    return plan_stack(plan.stacks, request, plan.declared, *_where(plan.context), progress)


def _foreseen(
    stacks: Stacks, request: StackRequest, declared: Declared, context: StageContext, progress: Progress
) -> PlannedStack | None:
    """The plan of a CodePipeline that exists; None for a new one, and where it needs an export that is to come."""
    if stacks.describe(request.name) is None:
        return None
    try:
        return plan_stack(stacks, request, declared, *_where(context), progress)
    except DeploymentError as error:
        if any("No export named" in text for text in (error.problem, *error.found)):
            return None
        raise


def _settings(contexts: Mapping[str, StageContext]) -> dict[str, StageSettings]:
    return {key: each.settings for key, each in contexts.items()}


def _where(context: StageContext) -> tuple[str, str]:
    return context.stage, context.settings.region


def _toolchain_request(context: StageContext, parameters: dict[str, str | None], root: Path) -> StackRequest:
    return StackRequest(
        name=context.names.toolchain_stack,
        change_set="",
        kind="",
        template=read_text(root / TOOLCHAIN_TEMPLATE),
        parameters=parameters,
        tags=context.settings.stack_tags,
        role_arn=None,
        description="Toolchain: what the CodePipelines share",
        capabilities=("CAPABILITY_NAMED_IAM",),
    )


def _codepipeline_request(
    stacks: Stacks,
    stages: Mapping[str, StageContext],
    shared: SharedValues,
    told: Told,
    pipeline: str,
    root: Path,
) -> StackRequest:
    context = next(iter(stages.values()))
    stack = stacks.describe(context.names.codepipeline_stack)
    if (
        stack is not None
        and stack.parameters.get("SageMakerProjectName", context.names.project) != context.names.project
    ):
        raise StackError(
            f"stack {stack.name} is the CodePipeline of another project, {stack.parameters['SageMakerProjectName']}",
            found=[f"its pipeline is {stack.parameters.get('PipelineFolder')}; this one is {context.names.pipeline}"],
            next_command=f"rename pipelines/{context.names.pipeline}, or the project in stages/",
        )
    current = stack.parameters if stack else {}
    given = told.codepipelines[pipeline]
    return StackRequest(
        name=context.names.codepipeline_stack,
        change_set="",
        kind="",
        template=read_text(root / CODEPIPELINE_TEMPLATE),
        parameters=codepipeline_parameters(_settings(stages), shared, given, current, told.codepipeline_declared),
        tags=context.settings.stack_tags,
        role_arn=None,
        description=f"CodePipeline of {context.names.pipeline}",
        capabilities=("CAPABILITY_IAM",),
    )


def _require_idle(context: StageContext, toolchain: Stack) -> None:
    """Raises StackError where the update would delete a CodePipeline in the middle of an execution."""
    name = has_own_codepipeline(toolchain.outputs)
    if name is None:
        return
    running = [each for each in CodePipelines(context.dev, name).executions() if each["status"] == "InProgress"]
    if running:
        execution = running[0]["pipelineExecutionId"]
        raise StackError(
            f"CodePipeline {name} is to be replaced by one for each pipeline, and is in the middle of an execution",
            found=[f"execution {each['pipelineExecutionId']} is {each['status']}" for each in running],
            next_command=f"aws codepipeline stop-pipeline-execution --pipeline-name {name} --pipeline-execution-id "
            f"{execution} --abandon   # or answer its approval; then: make bootstrap",
        )
