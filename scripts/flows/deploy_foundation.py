"""A stage's foundation: what it shall become by its template and settings, and deploying that as often as need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.decisions.foundation import foundation_stack_parameters, lost_parameters, roles_stack_parameters
from scripts.decisions.names import FOUNDATION_TEMPLATE, ROLES_TEMPLATE
from scripts.decisions.stacks import Stack
from scripts.decisions.template_parameters import Declared, checked, effective, stack_parameters
from scripts.errors import FoundationError
from scripts.flows.administrators import Administrators
from scripts.flows.bootstrap_stack import PlannedStack, carry_out, plan_stack
from scripts.flows.repair_drift import repair_roles
from scripts.flows.stage_context import StageContext
from scripts.gateways.parameters import parameters_below, write_parameter
from scripts.gateways.stacks import StackRequest, Stacks
from scripts.terminal.progress import Progress
from scripts.workspace.template_files import template_parameters
from scripts.workspace.text_files import read_text

_BOUNDARY = "PermissionsBoundaryArn"


def require_own_place(context: StageContext, administrators: Administrators) -> None:
    """Raises FoundationError, before anything is deployed, where another project has this stage in this account.

    The parameters that tell pipelines of a foundation are named by the stage alone, so an account has one project's.
    """
    account, names = administrators.account(context), context.names
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


def told_parameters(
    context: StageContext, pipelines: Sequence[StageContext], declared: Declared
) -> tuple[dict[str, str], dict[str, str]]:
    """What the stage's settings decide, and what its ``foundation:`` gives, checked against the template.

    ``pipelines``: the stage once for each pipeline, whose model package groups may be written there.
    """
    decided = foundation_stack_parameters(context.names, context.settings, [each.names for each in pipelines])
    where = f"foundation: of stages/{context.stage}.yml"
    return decided, checked(context.settings.foundation, declared, decided, where)


def foundation_parameters(root: Path = Path()) -> Declared:
    return template_parameters(root / FOUNDATION_TEMPLATE)


@dataclass(frozen=True)
class FoundationPlan:
    """A stage's two stacks: what releases live in, and over it the roles of those who act there from dev."""

    foundation: PlannedStack
    roles: PlannedStack

    @property
    def stacks(self) -> list[PlannedStack]:
        return [self.foundation, self.roles]


def plan_foundation(
    context: StageContext,
    pipelines: Sequence[StageContext],
    administrators: Administrators,
    progress: Progress,
    root: Path = Path(),
) -> FoundationPlan:
    """The stage's foundation, and the roles over it, as templates and settings say now."""
    stacks = Stacks(administrators.account(context), context.sleep, [context.names.bucket])
    declared = foundation_parameters(root)
    decided, given = told_parameters(context, pipelines, declared)
    stack = stacks.describe(context.names.foundation_stack)
    current = stack.parameters if stack else {}
    parameters = stack_parameters(declared, decided, given, current)

    def planned(name: str, template: Path, values: dict[str, str | None], what: str) -> PlannedStack:
        request = StackRequest(
            name=name,
            change_set="",
            kind="",
            template=read_text(template),
            parameters=values,
            tags=context.settings.stack_tags,
            role_arn=None,
            description=f"{what} of stage {context.stage}",
            capabilities=("CAPABILITY_NAMED_IAM",),
        )
        own = template_parameters(template)
        return plan_stack(stacks, request, own, context.stage, context.settings.region, progress)

    # The roles are told what the foundation will have, so that the two never differ.
    of_roles: dict[str, str | None] = {**roles_stack_parameters(effective(parameters, declared, current))}
    roles = stacks.describe(context.names.roles_stack)
    if roles and not of_roles.get(_BOUNDARY) and _BOUNDARY not in given and roles.parameters.get(_BOUNDARY):
        of_roles[_BOUNDARY] = None  # somebody bounded the roles alone, and nobody says otherwise
    return FoundationPlan(
        planned(context.names.foundation_stack, root / FOUNDATION_TEMPLATE, parameters, "Foundation"),
        planned(context.names.roles_stack, root / ROLES_TEMPLATE, of_roles, "Roles"),
    )


def deploy_foundation(
    context: StageContext, plan: FoundationPlan, administrators: Administrators, progress: Progress
) -> tuple[Stack, bool]:
    """Carry the plan out, and put back parameters that somebody deleted and roles that somebody changed, which
    CloudFormation does not see; True where something was changed."""
    stack, changed = carry_out(plan.foundation, progress)
    account, path = administrators.account(context), context.names.parameter_path
    lost = lost_parameters(parameters_below(account, path), stack.outputs)
    for name, value in lost.items():
        write_parameter(account, f"{path}{name}", value)
        progress.line(f"wrote {path}{name}, which had been deleted")
    template = Stacks(account, context.sleep).template(stack.name)
    repaired = repair_roles(account, context.names, stack, template, progress)
    _, roles_changed = carry_out(plan.roles, progress)
    return stack, changed or bool(lost) or repaired or roles_changed
