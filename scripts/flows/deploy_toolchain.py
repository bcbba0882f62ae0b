"""Deploys the toolchain into the dev account, and gives its CodePipeline a source to begin with.

Before the stack exists its repository must have the branch: CodePipeline runs once as it is created. Once it exists the
stack comes first: what a push starts should run with the toolchain of now. A repository on this machine gets this
clone's commit; any other is pushed to by whoever may.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from scripts.decisions.names import TOOLCHAIN_TEMPLATE
from scripts.decisions.stacks import Stack
from scripts.decisions.toolchain import CODECOMMIT, ToolchainOptions, toolchain_parameters
from scripts.errors import UsageError
from scripts.flows.deploy_foundation import deploy_bootstrap_stack
from scripts.flows.stage_context import StageContext
from scripts.gateways.repositories import ensure_repository
from scripts.gateways.stacks import StackRequest, Stacks
from scripts.terminal.progress import Progress
from scripts.workspace.git import git_answer, run_git, set_remote_url
from scripts.workspace.text_files import read_text

REMOTE = "localaws"


def deploy_toolchain(
    contexts: dict[str, StageContext], options: ToolchainOptions, progress: Progress, root: Path = Path()
) -> tuple[Stack, bool]:
    """The toolchain as its template, the stage files and ``options`` say now; True where something was changed."""
    context = next(iter(contexts.values()))
    stacks = Stacks(context.dev, context.sleep)
    name = context.names.toolchain_stack
    stack = stacks.describe(name)
    current = dict(stack.parameters) if stack else {}
    parameters = toolchain_parameters({key: each.settings for key, each in contexts.items()}, options, current)
    give_source = partial(_give_source, context, parameters, progress, root)
    runs_already = stack is not None and stack.outputs
    if not runs_already:
        give_source()
    request = StackRequest(
        name=name,
        change_set="",
        kind="",
        template=read_text(root / TOOLCHAIN_TEMPLATE),
        parameters=parameters,
        tags=context.settings.stack_tags,
        role_arn=None,
        description="Toolchain: the CodePipeline and what it needs",
        capabilities=("CAPABILITY_IAM",),
    )
    deployed = deploy_bootstrap_stack(stacks, request, context.stage, context.settings.region, progress)
    if runs_already:
        give_source()
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


def _give_source(context: StageContext, parameters: dict[str, str], progress: Progress, root: Path) -> None:
    if parameters["SourceProvider"] != CODECOMMIT:
        return
    repository, branch = parameters["RepositoryName"], parameters.get("BranchName", "main")
    url, created = ensure_repository(context.dev, repository)
    progress.line(f"repository {repository}: {'created' if created else 'exists'}, {url}")
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        progress.line(f"push to it with:  git push {url} HEAD:{branch}   # git-remote-codecommit has the credentials")
        return
    set_remote_url(root, REMOTE, url)
    run_git(root, "config", f"remote.{REMOTE}.push", f"HEAD:refs/heads/{branch}")
    run_git(root, "push", "--quiet", REMOTE)
    progress.line(f"pushed {run_git(root, 'rev-parse', '--short', 'HEAD')} to it; from now on:  git push {REMOTE}")
