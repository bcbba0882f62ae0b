"""Deletes the models that deployments have replaced and that nothing uses any more. See ADR 0025.

It runs after a verification and after a stack's deletion, and is never a reason for either to fail: what it could not
delete today, the next one deletes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scripts.decisions.former_models import FormerModels, former_models
from scripts.decisions.stacks import Stack
from scripts.errors import DeploymentError
from scripts.flows.stage_context import StageContext
from scripts.gateways.accounts import Account
from scripts.gateways.models import Models
from scripts.terminal.progress import Progress

MODEL = "AWS::SageMaker::Model"
LONGEST_EXECUTION = timedelta(days=28)  # SageMaker's quota on the run time of an execution


def collect_models(context: StageContext, account: Account, stack: Stack, progress: Progress, keep: int = 1) -> None:
    """Delete, as ``account``'s principal, what may go, and tell what stays for an execution."""
    try:
        found = _former(context, stack, keep)
        for name in found.deletable:
            Models(account).delete(name)
            progress.line(f"deleted model {name}, which an earlier deployment had replaced")
    except DeploymentError as error:
        progress.line(f"models that were replaced could not be deleted, and stay for the next time: {error.problem}")
        return
    for name, execution in found.in_use.items():
        progress.line(f"kept model {name}, which was replaced: execution {execution} still uses it")


def _former(context: StageContext, stack: Stack, keep: int) -> FormerModels:
    left_behind = context.stacks.left_behind(stack.id, MODEL)
    if len(set(left_behind)) <= keep:
        return FormerModels((), {})
    pipeline = context.names.sagemaker_pipeline
    since = datetime.now(UTC) - LONGEST_EXECUTION
    running = {arn: context.pipelines.parameters(arn) for arn in context.pipelines.running(pipeline, since)}
    return former_models(left_behind, Models(context.reader).names(), running, keep)
