"""What is live and differs from what was released: property by property, each under its name.

The release's template and the stack's parameters say how each resource was made; what AWS answers now says how it is.
Both come here in CloudFormation's words and are compared. It never says that something is as released which was not
read: a resource that is gone, one that the stack has lost, and an object with other bytes are differences like any
other. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scripts.decisions.canonical import canonical_json, sha256_of
from scripts.decisions.ways_to_change import deploying
from scripts.errors import DriftError

Place = Literal["stack", "foundation", "bucket"]
# The properties that are read of each type. Tags are not among them: nothing runs by them.
COMPARED: dict[str, tuple[str, ...]] = {
    "AWS::SageMaker::Model": ("ExecutionRoleArn", "EnableNetworkIsolation", "Containers", "VpcConfig"),
    "AWS::SageMaker::Pipeline": ("PipelineDisplayName", "PipelineDescription", "PipelineDefinition", "RoleArn"),
    "AWS::Events::Rule": ("Description", "ScheduleExpression", "EventPattern", "State", "Targets"),
    "AWS::SQS::Queue": ("KmsMasterKeyId", "MessageRetentionPeriod"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument",),
    "AWS::SNS::Topic": ("DisplayName", "KmsMasterKeyId"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument",),
    "AWS::CloudWatch::Alarm": (
        "ActionsEnabled",
        "AlarmActions",
        "AlarmDescription",
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluationPeriods",
        "InsufficientDataActions",
        "MetricName",
        "Namespace",
        "OKActions",
        "Period",
        "Statistic",
        "Threshold",
        "TreatMissingData",
    ),
    "AWS::CloudWatch::Dashboard": ("DashboardBody",),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", "ManagedPolicyArns", "PermissionsBoundary", "Policies"),
}
# What a resource has whose template does not say it.
_DEFAULTS: dict[str, dict[str, Any]] = {"AWS::CloudWatch::Alarm": {"ActionsEnabled": True}}
# A pipeline's definition is compared as its text; where the template has it from stands beside it.
DEFINITION, DEFINITION_PLACE = "PipelineDefinition", "DefinitionPlace"
_DOCUMENTS = (DEFINITION, "PolicyDocument", "AssumeRolePolicyDocument", "DashboardBody")
_KEYS = ("Id", "Name", "Sid", "PolicyName", "Key")  # by one of these the members of a list are told apart
_ONE_OR_MANY = ("Action", "NotAction", "Resource", "NotResource", "AWS", "Service", "Federated")
# Of a model's container AWS tells more than was given: the package's own image and data.
_GIVEN_ALONE = ("Containers",)
# What a run is made of. Other drift is told; with this one nothing is verified.
RUNS = ("AWS::SageMaker::Model", "AWS::SageMaker::Pipeline", "AWS::S3::Object")
_LONGEST_SHOWN = 160


@dataclass(frozen=True)
class Expected:
    """A resource as it was released: ``properties`` in CloudFormation's words. ``id``: its physical id, or None where
    the stack has no such resource."""

    logical_id: str
    type: str
    id: str | None
    properties: Mapping[str, Any]
    place: Place = "stack"


@dataclass(frozen=True)
class Difference:
    """One property that is not as released. ``path`` None: the whole resource is gone (or was never made)."""

    place: Place
    resource: str
    type: str
    path: str | None
    expected: str = ""
    found: str = ""
    in_stack: bool = True

    @property
    def line(self) -> str:
        subject = f"{self.resource}  {self.type}"
        if self.path is None:
            return f"{subject}: {self.found or 'it is gone'}"
        return f"{subject}: {self.path} is {self.found}, released was {self.expected}"

    @property
    def is_run(self) -> bool:
        """Whether an execution runs by it, so that its outcome would say nothing of the release."""
        return self.type in RUNS


def drift_of(expected: Sequence[Expected], live: Mapping[str, Mapping[str, Any] | None]) -> tuple[Difference, ...]:
    """All that differs. ``live``: the properties by logical id, None of what is gone. Raises KeyError for one that was
    not read: nothing may pass as unchanged that nobody looked at."""
    return tuple(each for resource in expected for each in _of_resource(resource, live))


def _of_resource(resource: Expected, live: Mapping[str, Mapping[str, Any] | None]) -> Iterator[Difference]:
    def difference(name: str | None, wanted: str = "", found: str = "", in_stack: bool = True) -> Difference:
        return Difference(resource.place, resource.logical_id, resource.type, name, wanted, found, in_stack)

    if resource.id is None:
        yield difference(None, found="the stack has no such resource", in_stack=False)
        return
    found = live[resource.logical_id]
    if found is None:
        yield difference(None)
        return
    defaults = _DEFAULTS.get(resource.type, {})
    for name in COMPARED[resource.type]:
        wanted, actual = resource.properties.get(name, defaults.get(name)), found.get(name)
        for path, before, after in changed(name, wanted, actual):
            yield difference(path, _shown(before), _shown(after))


def changed(name: str, wanted: Any, actual: Any) -> Iterator[tuple[str, Any, Any]]:
    """(path, wanted, actual) of each innermost part of a property that differs; absent and empty are the same.

    Of a definition every difference counts, an order too; the parts only show where it is.
    """
    parts = _walk(name, _plain(name, wanted), _plain(name, actual), given_alone=name in _GIVEN_ALONE)
    if name != DEFINITION:
        yield from parts
    elif wanted is None:
        yield name, "unknown, for the bucket has lost it", _digest(actual)
    elif _digest(wanted) != _digest(actual):
        yield from list(parts) or [(name, _digest(wanted), _digest(actual))]


def _digest(text: Any) -> str:
    """What tells a definition from another one, however its JSON is written."""
    return f"sha256 {sha256_of(canonical_json(_parsed(text) if isinstance(text, str) else text))[:12]}"


def _walk(path: str, wanted: Any, actual: Any, given_alone: bool) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(wanted, dict) and isinstance(actual, dict):
        for key in sorted(wanted.keys() | (set() if given_alone else actual.keys())):
            yield from _walk(f"{path}.{key}", wanted.get(key), actual.get(key), given_alone)
    elif isinstance(wanted, list) and isinstance(actual, list) and len(wanted) == len(actual):
        for number, (one, other) in enumerate(zip(wanted, actual, strict=True)):
            yield from _walk(f"{path}[{number}]", one, other, given_alone)
    elif wanted != actual:
        yield path, wanted, actual


def _plain(name: str, value: Any) -> Any:
    """A value without what AWS writes in another way: order, numbers as text, JSON as text, one for a list of one."""
    if name in _DOCUMENTS and isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, Mapping):
        found = {str(key): _plain(str(key), each) for key, each in value.items()}
        return {key: each for key, each in found.items() if each not in (None, [], {})} or None
    if isinstance(value, list | tuple):
        return _listed([_plain("", each) for each in value], name)
    return [_scalar(value)] if name in _ONE_OR_MANY and isinstance(value, str) else _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return _number(str(value)) if isinstance(value, str | int | float) else value


def _listed(values: list[Any], name: str) -> Any:
    if not values:
        return None
    key = next((key for key in _KEYS if all(isinstance(each, dict) and key in each for each in values)), None)
    if key and len({canonical_json(each[key]) for each in values}) == len(values):
        return {str(each[key]): {**each} for each in values}
    if name == "metrics" or any(isinstance(each, list) for each in values):
        return values  # a dashboard's, in which the order says what stands for what
    return values if all(isinstance(each, dict) for each in values) else sorted(values, key=canonical_json)


def _number(text: str) -> str:
    """``3600`` and ``3600.0`` are the same number, which AWS tells in either way."""
    whole, point, rest = text.partition(".")
    return whole if point and whole.isdigit() and rest and not rest.strip("0") else text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else canonical_json(value)
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]}... (sha256 {sha256_of(value)[:12]})"


def drift_lines(differences: Sequence[Difference]) -> list[str]:
    """One line each, as a person reads them."""
    return [each.line for each in differences]


def repairable(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Those that a deployment puts back: all but the foundation's, which bootstrap alone may change."""
    return tuple(each for each in differences if each.place != "foundation")


def require_no_drift(stage: str, release_id: str, differences: Sequence[Difference], *, by_hand: bool = False) -> None:
    """Raises DriftError that names each difference, and the command that puts it back."""
    if not differences:
        return
    ours = repairable(differences)
    roles = "; the roles: make bootstrap" if len(ours) < len(differences) else ""
    repair = f"{deploying(stage, by_hand=by_hand, release=release_id)}   # puts it back, and says so{roles}"
    raise DriftError(
        f"{stage} is not as release {release_id} made it",
        found=drift_lines(differences),
        next_command=repair if ours else "make bootstrap   # puts the roles of the foundation back",
    )
