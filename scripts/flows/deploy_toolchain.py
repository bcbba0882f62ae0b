"""Deploys the toolchain into the dev account, and a CodePipeline for every pipeline over it.

Order matters. The toolchain comes first: the CodePipelines stand on it. Those that exist are changed before this
clone's commit is pushed, since what a push starts should run as of now; those that do not are made after it, because a
CodePipeline runs once as it is created, and must find its pipeline then. A repository on this machine gets this
clone's commit; any other is pushed to by whoever may. Of a CodePipeline whose folder is gone it is said how to delete
it; nothing is deleted here but what a template leaves out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from scripts.decisions.codecommit_address import push_lines
from scripts.decisions.names import CODEPIPELINE_TEMPLATE, TOOLCHAIN_TEMPLATE
from scripts.decisions.stacks import Stack
from scripts.decisions.toolchain import (
    CODECOMMIT,
    ToolchainOptions,
    codepipeline_parameters,
    has_own_codepipeline,
    of_deleted_folders,
    toolchain_parameters,
)
from scripts.errors import StackError, UsageError
from scripts.flows.deploy_foundation import deploy_bootstrap_stack
from scripts.flows.stage_context import StageContext
from scripts.gateways.codepipelines import CodePipelines
from scripts.gateways.repositories import ensure_repository
from scripts.gateways.stacks import StackRequest, Stacks
from scripts.terminal.progress import Progress
from scripts.workspace.git import git_answer, run_git, set_remote_url
from scripts.workspace.text_files import read_text

REMOTE = "localaws"
PipelineContexts = Mapping[str, Mapping[str, StageContext]]
"""By pipeline, and then by stage."""


def deploy_toolchain(
    contexts: Mapping[str, StageContext],
    pipelines: PipelineContexts,
    options: ToolchainOptions,
    progress: Progress,
    root: Path = Path(),
) -> list[tuple[Stack, bool]]:
    """The toolchain and each CodePipeline as templates, settings and ``options`` say now; True where it was changed."""
    context = next(iter(contexts.values()))
    stacks = Stacks(context.dev, context.sleep)
    before = stacks.describe(context.names.toolchain_stack)
    former = dict(before.parameters) if before else {}
    parameters = toolchain_parameters({key: each.settings for key, each in contexts.items()}, options, former)
    requests = [_codepipeline_request(stacks, each, parameters, former, root) for each in pipelines.values()]
    if before:
        _require_idle(context, before)
    deployed = [
        deploy_bootstrap_stack(stacks, _toolchain_request(context, parameters, root), *_where(context), progress)
    ]
    there = {each.name for each in requests if stacks.describe(each.name) is not None}
    deploy = partial(_deploy_each, stacks, context, progress)
    deployed += deploy([each for each in requests if each.name in there])
    _give_source(context, parameters, progress, root)
    deployed += deploy([each for each in requests if each.name not in there])
    for line in of_deleted_folders(stacks.all(), context.names.project, pipelines):
        progress.line(line)
    return deployed


def require_repository_root(root: Path = Path()) -> None:
    """Raises UsageError for a project in a folder of a bigger repository: a CodePipeline builds from the root."""
    prefix = git_answer(root, "rev-parse", "--show-prefix")
    if prefix:
        folder = prefix.rstrip("/")
        raise UsageError(
            f"this project is the folder {folder} of a bigger repository, and the CodePipeline builds from the root",
            found=[f"the repository begins at {git_answer(root, 'rev-parse', '--show-toplevel')}"],
            next_command="make bootstrap ARGS=--no-toolchain   # all verbs but codepipeline, approve and reject work; "
            f"or give it a repository of its own: git subtree split --prefix {folder}",
        )


def _deploy_each(
    stacks: Stacks, context: StageContext, progress: Progress, requests: list[StackRequest]
) -> list[tuple[Stack, bool]]:
    found = []
    for request in requests:
        progress.line(f"stack {request.name}")
        found.append(deploy_bootstrap_stack(stacks, request, *_where(context), progress))
    return found


def _where(context: StageContext) -> tuple[str, str]:
    return context.stage, context.settings.region


def _toolchain_request(context: StageContext, parameters: dict[str, str], root: Path) -> StackRequest:
    return StackRequest(
        name=context.names.toolchain_stack,
        change_set="",
        kind="",
        template=read_text(root / TOOLCHAIN_TEMPLATE),
        parameters=parameters,
        tags=context.settings.stack_tags,
        role_arn=None,
        description="Toolchain: what the CodePipelines share",
        capabilities=("CAPABILITY_IAM",),
    )


def _codepipeline_request(
    stacks: Stacks, stages: Mapping[str, StageContext], toolchain: dict[str, str], former: dict[str, str], root: Path
) -> StackRequest:
    """``former``: the toolchain's parameters before this run, which may be those of an earlier version."""
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
    settings = {key: each.settings for key, each in stages.items()}
    return StackRequest(
        name=context.names.codepipeline_stack,
        change_set="",
        kind="",
        template=read_text(root / CODEPIPELINE_TEMPLATE),
        parameters=codepipeline_parameters(settings, toolchain, stack.parameters if stack else former),
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


def _give_source(context: StageContext, parameters: dict[str, str], progress: Progress, root: Path) -> None:
    if parameters["SourceProvider"] != CODECOMMIT:
        return
    repository, branch = parameters["RepositoryName"], parameters.get("BranchName", "main")
    url, created = ensure_repository(context.dev, repository)
    progress.line(f"repository {repository}: {'created' if created else 'exists'}, {url}")
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        for line in push_lines(repository, context.dev.region, branch, os.environ.get("AWS_PROFILE")):
            progress.line(line)
        return
    set_remote_url(root, REMOTE, url)
    run_git(root, "config", f"remote.{REMOTE}.push", f"HEAD:refs/heads/{branch}")
    run_git(root, "push", "--quiet", REMOTE)
    progress.line(f"pushed {run_git(root, 'rev-parse', '--short', 'HEAD')} to it; from now on:  git push {REMOTE}")
