"""Whether what runs before the approval could change prod: from the templates alone, all of them together. Pure.

Code of any commit runs in the CodePipeline's builds before a person approves. So from each role that acts there, this
follows every way to another role, and looks at all that the roles on the way may do. Either side's consent counts as a
way: the identity policy that allows a call, or the trust or resource policy that lets it in. A template that needs both
to be wrong before prod is open is refused when one of them is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scripts.decisions.rendered_stack import REGION, RenderedStack
from scripts.repository.buildspec_rules import UNLAWFUL_VARIABLES
from scripts.repository.statements import (
    actions_of,
    allowances,
    as_list,
    denies,
    is_about,
    may_hold,
    may_name,
    names,
    overlap,
    resources_of,
)

NEEDED = ("codepipeline", "foundation", "roles", "toolchain")
DEV, PREPROD, PROD = "012345670123", "550011223344", "660011223344"
PROJECT = "sample"
_ACCOUNTS = {"preprod": PREPROD, "prod": PROD}
_PERSON = f"arn:aws:iam::{DEV}:role/person"
# Whoever may call these becomes the role that is passed, or that the thing runs with.
_TAKE_A_ROLE = ("sts:AssumeRole", "iam:PassRole")
_START_A_BUILD = ("codebuild:StartBuild", "codebuild:StartBuildBatch", "codebuild:UpdateProject")
# Who may call these in dev decides what runs as whom, or approves.
_GRANTING_IN_DEV = (
    "cloudformation:",
    "codebuild:CreateProject",
    "codebuild:UpdateProject",
    "codepipeline:CreatePipeline",
    "codepipeline:OverrideStageCondition",
    "codepipeline:PutApprovalResult",
    "codepipeline:UpdatePipeline",
    "organizations:",
)
_TOOLCHAIN_BUCKET = f"arn:aws:s3:::{PROJECT}-toolchain-{DEV}-{REGION}"
# Actions that change nothing by themselves, whatever IAM's table of access levels says.
_CHANGES_NOTHING = {
    "kms:Decrypt": "it reads",
    "cloudformation:CreateChangeSet": "only as a preview, which no role may execute",
    "cloudformation:DeleteChangeSet": "only of a preview",
}
_PREVIEWS = {"StringLike": {"cloudformation:ChangeSetName": "preview-*"}}
_CHANGING = ("Write", "Tagging", "Permissions management")

AccessLevel = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True)
class Role:
    """A role with what it may do. ``projects``: the CodeBuild projects that run as it."""

    arn: str
    trust: Mapping[str, Any]
    policies: tuple[Mapping[str, Any], ...]
    projects: tuple[str, ...] = ()
    _by_action: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @cached_property
    def statements(self) -> list[Mapping[str, Any]]:
        """Those of its own policies that allow something."""
        every = [each for document in self.policies for each in allowances(document)]
        return [each for each in every if may_hold(each, self.arn)]

    def may(self, actions: tuple[str, ...], resource: str) -> bool:
        """Whether its own policies may allow one of these actions on this."""
        return any(
            is_about(statement, resource) and not any(denies(each, action, resource) for each in self.policies)
            for action in actions
            for statement in self._allowing(action)
        )

    def _allowing(self, action: str) -> list[Mapping[str, Any]]:
        if action not in self._by_action:
            self._by_action[action] = [each for each in self.statements if names(each, action)]
        return self._by_action[action]


@dataclass
class Project:
    """Every stack of a project, rendered for three accounts, with prod deployed by hand or not, and with whom."""

    templates: Mapping[str, dict[str, Any]]
    by_hand: str
    break_glass: str
    stacks: list[RenderedStack] = field(default_factory=list)

    def __post_init__(self) -> None:
        exports: dict[str, str] = {}
        shared = {
            "SageMakerProjectName": PROJECT,
            "DevAccountId": DEV,
            "PreprodAccountId": PREPROD,
            "ProdAccountId": PROD,
        }
        shared |= {"RepositoryName": "code", "PipelineFolder": "scoring", "ModelPackageGroupName": "models"}
        shared |= {"DeployedByHand": self.by_hand, "BreakGlassPrincipalArns": self.break_glass}
        for stage, account in _ACCOUNTS.items():
            for name in ("foundation", "roles"):
                parameters = {**shared, "Environment": stage}
                self._add(f"{PROJECT}-{name}-{stage}", name, account, parameters, exports)
        for name in ("toolchain", "codepipeline"):
            self._add(f"{PROJECT}-{name}", name, DEV, shared, exports)

    def _add(
        self, stack: str, template: str, account: str, parameters: dict[str, str], exports: dict[str, str]
    ) -> None:
        made = RenderedStack(stack, self.templates[template], account, parameters, exports)
        self.stacks.append(made)
        exports |= made.exports

    @property
    def codepipeline(self) -> Mapping[str, Any]:
        (found,) = self.stacks[-1].of_type("AWS::CodePipeline::Pipeline").values()
        return found

    @cached_property
    def roles(self) -> dict[str, Role]:
        """By ARN."""
        return {role.arn: role for stack in self.stacks for role in _roles(stack)}

    @cached_property
    def resource_policies(self) -> list[tuple[str, list[str], Mapping[str, Any]]]:
        """(what it is, ARN patterns of what it guards, document) of each policy on a resource of prod."""
        return [each for stack in self.stacks if stack.account == PROD for each in _resource_policies(stack)]

    def names_prod(self, pattern: str) -> bool:
        """Whether a pattern of resources says that it is about prod.

        One that leaves the account open reaches only what lets it in, which the policies on prod's resources tell.
        """
        service, account = [*pattern.split(":"), "", "", "", "", ""][2:5:2]
        if service == "s3":
            return any(overlap(pattern, each) for _, guarded, _ in self.resource_policies for each in guarded)
        return account == PROD

    def what_the_approval_stands_on(self) -> list[tuple[str, str, str]]:
        """(what it is, its key in the toolchain's bucket, the ARN of the role that may write it)."""
        writers: dict[str, str] = {}
        last = ""
        for action in _in_order(self.codepipeline):
            if action["ActionTypeId"]["Category"] == "Approval":
                break
            last = next(iter(self.roles_of(action)), last)
            writers |= {each["Name"]: last for each in action.get("OutputArtifacts", [])}
        name = self.codepipeline["Name"][:20]
        artifacts = [(f"artifact {each}", f"{name}/{each[:10]}/AbCdEfG", writers[each]) for each in writers]
        return [*artifacts, ("the evidence", "evidence/1/evidence.html", last)]

    def roles_of(self, action: Mapping[str, Any]) -> list[str]:
        """ARNs of the roles that an action acts as: what runs its build first, else its own."""
        configuration = action.get("Configuration", {})
        builds = [arn for arn, role in self.roles.items() if configuration.get("ProjectName") in role.projects]
        return [*builds, *(arn for arn in (action.get("RoleArn"), configuration.get("RoleArn")) if arn)]

    def acting_before_the_approval(self) -> tuple[list[Role], list[str]]:
        """The roles whose actions come before the approval, and what is wrong with the order itself."""
        found: list[Role] = []
        wrong: list[str] = []
        for action in _in_order(self.codepipeline):
            if action["ActionTypeId"]["Category"] == "Approval":
                return found, wrong
            named = self.roles_of(action)
            project = action.get("Configuration", {}).get("ProjectName")
            if project and not named:
                wrong.append(f"action {action['Name']} runs {project}, of which nothing is known")
            wrong += [
                f"action {action['Name']} acts as {arn} before the approval" for arn in named if f"::{PROD}:" in arn
            ]
            found += [self.roles[arn] for arn in named if arn in self.roles]
        return [], ["no approval stands before prod"]


def approval_findings(templates: Mapping[str, dict[str, Any]], levels: AccessLevel) -> list[str]:
    """Each way in which an actor before the approval could change prod, whatever the foundation's parameters are.

    ``levels``: the access level of each action that a pattern stands for, by action.
    """
    found = {
        finding
        for by_hand in ("allowed", "break-glass")
        for break_glass in ("", _PERSON)
        for finding in _findings(Project(templates, by_hand, break_glass), levels)
    }
    return sorted(found)


def _findings(project: Project, levels: AccessLevel) -> Iterator[str]:
    start, wrong = project.acting_before_the_approval()
    yield from wrong
    yield from _steps_past(project)
    for first in {role.arn: role for role in start}.values():
        for role, way in _reached(project, first):
            for finding in (*_of_role(project, role, levels), *_of_artifacts(project, role)):
                yield f"{way}: {finding}"


def _steps_past(project: Project) -> Iterator[str]:
    """Builds that are told to take what is not verified, or to act for a person in an emergency."""
    for action in _in_order(project.codepipeline):
        given = action.get("Configuration", {}).get("EnvironmentVariables", "[]")
        for name in UNLAWFUL_VARIABLES & {each["name"] for each in json.loads(given)}:
            yield f"action {action['Name']} sets {name}"
    for stack in project.stacks:
        for build in stack.of_type("AWS::CodeBuild::Project").values():
            declared = {each["Name"] for each in build["Environment"].get("EnvironmentVariables", [])}
            for name in UNLAWFUL_VARIABLES & declared:
                yield f"project {build['Name']} sets {name}"


def _reached(project: Project, start: Role) -> Iterator[tuple[Role, str]]:
    """Every role that can be become, with the way to it."""
    ways = {start.arn: start.name}
    waiting = [start]
    while waiting:
        role = waiting.pop()
        yield role, ways[role.arn]
        for other in project.roles.values():
            if other.arn not in ways and _becomes(role, other):
                ways[other.arn] = f"{ways[role.arn]} -> {other.name}"
                waiting.append(other)


def _becomes(role: Role, other: Role) -> bool:
    """By assuming or passing it, or by running what runs as it, from its own cache."""
    projects = [f"arn:aws:codebuild:{REGION}:{DEV}:project/{name}" for name in other.projects]
    caches = [f"{_TOOLCHAIN_BUCKET}/cache/{name.removeprefix(f'{PROJECT}-')}/*" for name in other.projects]
    return (
        role.may(_TAKE_A_ROLE, other.arn)
        or any(role.may(_START_A_BUILD, each) for each in projects)
        or any(role.may(("s3:PutObject",), each) for each in caches)
        or any(may_name(each, role.arn) for each in allowances(other.trust))
    )


def _of_role(project: Project, role: Role, levels: AccessLevel) -> Iterator[str]:
    """What a role could change in prod, or to become able to."""
    for statement in role.statements:
        for action in _changing(statement, levels):
            if role.account == PROD:
                yield f"may {action} in prod"
            elif _grants(action, role.account):
                yield f"may {action}, and so give itself more"
            elif any(project.names_prod(pattern) for pattern in resources_of(statement)):
                yield f"may {action} on what is prod's"
    for what, _, document in project.resource_policies:
        for statement in allowances(document):
            if role.account != PROD and may_name(statement, role.arn):
                yield from (f"is let in by {what} to {action}" for action in _changing(statement, levels))


def _of_artifacts(project: Project, role: Role) -> Iterator[str]:
    """What a role could put into the place of what is looked at, or run, after it."""
    for what, key, writer in project.what_the_approval_stands_on():
        if role.arn != writer and role.may(("s3:PutObject",), f"{_TOOLCHAIN_BUCKET}/{key}"):
            yield f"may write {what}"


def _grants(action: str, account: str) -> bool:
    return action.startswith("iam:") or (account == DEV and action.startswith(_GRANTING_IN_DEV))


def _changing(statement: Mapping[str, Any], levels: AccessLevel) -> Iterator[str]:
    for pattern in actions_of(statement):
        for action, level in levels(pattern).items():
            harmless = action in _CHANGES_NOTHING and (
                not action.startswith("cloudformation:") or _only_previews(statement)
            )
            if level in _CHANGING and not harmless and action not in _TAKE_A_ROLE:
                yield action


def _only_previews(statement: Mapping[str, Any]) -> bool:
    condition = statement.get("Condition", {})
    return all(condition.get(operator) == tests for operator, tests in _PREVIEWS.items())


def _roles(stack: RenderedStack) -> Iterator[Role]:
    managed = stack.of_type("AWS::IAM::ManagedPolicy")
    projects = stack.of_type("AWS::CodeBuild::Project").values()
    for logical_id, properties in stack.of_type("AWS::IAM::Role").items():
        arn = stack.arn(logical_id)
        attached = [
            managed[name] for name in managed if f"{stack.name}-{name}" in properties.get("ManagedPolicyArns", [])
        ]
        yield Role(
            arn,
            properties["AssumeRolePolicyDocument"],
            tuple(each["PolicyDocument"] for each in [*properties.get("Policies", []), *attached]),
            tuple(each["Name"] for each in projects if each["ServiceRole"] == arn),
        )


def _resource_policies(stack: RenderedStack) -> Iterator[tuple[str, list[str], Mapping[str, Any]]]:
    for bucket in stack.of_type("AWS::S3::BucketPolicy").values():
        name = bucket["Bucket"]
        yield (
            f"the policy of bucket {name}",
            [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            bucket["PolicyDocument"],
        )
    for logical_id, key in stack.of_type("AWS::KMS::Key").items():
        yield f"the policy of key {logical_id}", [stack.arn(logical_id)], key["KeyPolicy"]
    for kind in ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"):
        for logical_id, policy in stack.of_type(kind).items():
            guarded = [str(each) for each in as_list(policy.get("Topics", policy.get("Queues")))]
            yield f"the policy {logical_id}", guarded, policy["PolicyDocument"]


def _in_order(codepipeline: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Actions as they run; those of one RunOrder run at once, so an approval is the last of them."""
    for stage in codepipeline["Stages"]:
        yield from sorted(
            stage["Actions"],
            key=lambda each: (int(each.get("RunOrder", 1)), each["ActionTypeId"]["Category"] == "Approval"),
        )
