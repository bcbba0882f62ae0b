"""Deploys a stack that stands before every release (a stage's foundation, the toolchain), as often as need be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scripts.decisions.canonical import sha256_of
from scripts.decisions.foundation import foundation_stack_parameters, lost_parameters, roles_stack_parameters
from scripts.decisions.names import FOUNDATION_TEMPLATE, ROLES_TEMPLATE
from scripts.decisions.stacks import BOOTSTRAP_CHANGE_SETS, Stack, readiness
from scripts.errors import FoundationError, StackError
from scripts.flows.change_stack import delete_and_follow, execute_and_follow, follow_stack
from scripts.flows.stage_context import StageContext
from scripts.gateways.accounts import Account
from scripts.gateways.parameters import parameters_below, write_parameter
from scripts.gateways.stacks import StackRequest, Stacks
from scripts.terminal.progress import Progress
from scripts.workspace.text_files import read_text

DEFAULT_BOOTSTRAP_ROLE = "OrganizationAccountAccessRole"


def bootstrap_role_name() -> str:
    """The administrators' role in the stage accounts, which dev's credentials may assume."""
    return os.environ.get("BOOTSTRAP_ROLE_NAME") or DEFAULT_BOOTSTRAP_ROLE


def administrator(context: StageContext) -> Account:
    """The stage's account as an administrator: directly with its own credentials, else by the bootstrap role."""
    settings, names = context.settings, context.names
    identity = context.accounts.identity(settings.dev_account)
    if identity["Account"] == settings.account:
        return context.accounts.at_hand(settings.account)
    arn = f"arn:{names.partition}:iam::{settings.account}:role/{bootstrap_role_name()}"
    return context.accounts.assumed(settings.account, arn, settings.dev_account)


def require_own_place(context: StageContext) -> None:
    """Raises FoundationError, before anything is deployed, where another project has this stage in this account.

    The parameters that tell pipelines of a foundation are named by the stage alone, so an account has one project's.
    """
    account, names = administrator(context), context.names
    if Stacks(account, context.sleep).describe(names.foundation_stack) is not None:
        return
    found = parameters_below(account, names.parameter_path)
    bucket = found.get("sagemaker_ml_artifacts_s3_bucket", names.bucket)
    if bucket != names.bucket:
        raise FoundationError(
            f"stage {context.stage} of account {names.account} in {names.region} belongs to another project",
            found=[f"parameters {names.parameter_path}* name bucket {bucket}; this project's is {names.bucket}"],
            next_command=f"write that project's name, or another account, into stages/{context.stage}.yml; to give the "
            "place up: delete the other project's foundation stack (the embedded AWS: make local-reset)",
        )


def deploy_foundation(
    context: StageContext, pipelines: Sequence[StageContext], progress: Progress, root: Path = Path()
) -> tuple[Stack, bool]:
    """The stage's foundation, and the roles over it, as templates and settings say; True where something was changed.

    ``pipelines``: the stage once for each pipeline, whose model package groups the promoter role may write.
    """
    account = administrator(context)
    stacks = Stacks(account, context.sleep)
    request = StackRequest(
        name=context.names.foundation_stack,
        change_set="",
        kind="",
        template=read_text(root / FOUNDATION_TEMPLATE),
        parameters=foundation_stack_parameters(context.names, context.settings, [each.names for each in pipelines]),
        tags=context.settings.stack_tags,
        role_arn=None,
        description=f"Foundation of stage {context.stage}",
        capabilities=("CAPABILITY_NAMED_IAM",),
    )
    stack, changed = deploy_bootstrap_stack(stacks, request, context.stage, context.settings.region, progress)
    path = context.names.parameter_path
    lost = lost_parameters(parameters_below(account, path), stack.outputs)
    for name, value in lost.items():
        write_parameter(account, f"{path}{name}", value)
        progress.line(f"wrote {path}{name}, which had been deleted")
    roles = replace(
        request,
        name=context.names.roles_stack,
        template=read_text(root / ROLES_TEMPLATE),
        parameters=roles_stack_parameters(stack.parameters),
        description=f"Roles of stage {context.stage}",
    )
    _, roles_changed = deploy_bootstrap_stack(stacks, roles, context.stage, context.settings.region, progress)
    return stack, changed or bool(lost) or roles_changed


def deploy_bootstrap_stack(
    stacks: Stacks, request: StackRequest, stage: str, region: str, progress: Progress
) -> tuple[Stack, bool]:
    """Bring one stack to what ``request`` says, whose change set and kind are filled in here."""
    stack = stacks.describe(request.name)
    if stack is not None and stack.status == "ROLLBACK_COMPLETE":
        # The leftover of a creation that failed: it holds nothing, and CloudFormation lets it only be deleted.
        progress.line(f"deleting {stack.name}, whose creation failed")
        delete_and_follow(stacks, stack, None, progress)
        stack = None
    pending = stacks.pending_change_sets(request.name) if stack and stack.status == "REVIEW_IN_PROGRESS" else []
    ready = readiness(stack, request.parameters, pending, stage, region)
    if ready == "wait" and stack is not None:
        return follow_stack(stacks, stack, set(), progress), True
    with progress.awaiting(f"CloudFormation: the change set of {request.name}"):
        change_set = stacks.make_change_set(_named(request, "CREATE" if ready == "create" else "UPDATE"))
    if change_set.empty:
        current = stacks.describe(request.name)
        if current is None:
            raise StackError(f"stack {request.name} no longer exists", next_command="make bootstrap")
        return current, False
    for change in change_set.changes:
        if ready == "update":
            for line in change.lines():
                progress.line(line)
    try:
        return execute_and_follow(stacks, change_set, progress), True
    except StackError as error:
        if any("already exists" in line for line in error.found):
            raise _name_taken(error) from error
        raise


def _named(request: StackRequest, kind: str) -> StackRequest:
    """The request of its kind, named by its content: an interrupted run's change set is found again."""
    digest = sha256_of([request.template, request.parameters, request.tags])[:16]
    return replace(request, change_set=f"{BOOTSTRAP_CHANGE_SETS}{digest}", kind=kind)


def _name_taken(error: StackError) -> StackError:
    """The same, with what may have taken the name, and how it is freed."""
    return StackError(
        error.problem,
        found=[
            *error.found,
            "a deleted stack left it behind, or a foundation in another region owns it",
        ],
        next_command="make bootstrap   # first delete what is named, e.g. aws s3 rb s3://NAME --force; or set "
        "the other foundation's region in stages/ or AWS_REGION; on the embedded AWS: make local-reset",
    )
