"""A template's resources with the values that they would have in one account, given parameters. Pure.

Of a stack that exists, the physical ids of its resources may be told: then names and ARNs are those that it really
has. Without them names are worked out as far as policies need them, and an attribute that AWS alone would know stands
there as ``<stack>.<logical id>.<attribute>``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PARTITION, REGION = "aws", "ap-southeast-2"
_PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")
_NO_VALUE = object()
# What GetAtt Arn gives, by type, from the property that names the resource.
_ARNS = {
    "AWS::IAM::Role": ("RoleName", "arn:{partition}:iam::{account}:role/{name}"),
    "AWS::S3::Bucket": ("BucketName", "arn:{partition}:s3:::{name}"),
    "AWS::KMS::Key": ("", "arn:{partition}:kms:{region}:{account}:key/{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:{partition}:sns:{region}:{account}:{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:{partition}:sqs:{region}:{account}:{name}"),
    "AWS::Events::Rule": ("Name", "arn:{partition}:events:{region}:{account}:rule/{name}"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"),
    "AWS::CodeBuild::Project": ("Name", "arn:{partition}:codebuild:{region}:{account}:project/{name}"),
}
# Attributes that are the resource's name, which is the end of its physical id.
_NAMES = ("ModelName", "QueueName", "TopicName")
_REFERENCED_BY_ARN = ("AWS::SNS::Topic",)


class RenderedStack:
    """``resources``: those whose condition holds, by logical id, with their values. ``exports``: by name."""

    def __init__(
        self,
        name: str,
        template: dict[str, Any],
        account: str,
        parameters: Mapping[str, str],
        imports: Mapping[str, str],
        *,
        partition: str = PARTITION,
        region: str = REGION,
        ids: Mapping[str, str] | None = None,
    ) -> None:
        """``ids``: the physical id of each resource, by its logical id, where the stack exists."""
        self.name, self.account = name, account
        self._partition, self._region = partition, region
        self._ids = ids or {}
        self._template = template
        self._imports = imports
        self._parameters = {
            key: _parameter(each, parameters.get(key, str(each.get("Default", ""))))
            for key, each in template.get("Parameters", {}).items()
        }
        self.resources: dict[str, dict[str, Any]] = {
            logical_id: self._value({key: part for key, part in each.items() if key != "Condition"})
            for logical_id, each in template["Resources"].items()
            if "Condition" not in each or self._holds(each["Condition"])
        }
        self.exports = {
            str(self._value(each["Export"]["Name"])): str(self._value(each["Value"]))
            for each in template.get("Outputs", {}).values()
            if "Export" in each
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id."""
        return {name: each.get("Properties", {}) for name, each in self.resources.items() if each["Type"] == kind}

    def arn(self, logical_id: str) -> str:
        kind = self._template["Resources"][logical_id]["Type"]
        if kind not in _ARNS:
            return f"{self.name}.{logical_id}.Arn"
        found = self._ids.get(logical_id, "")
        if found.startswith("arn:"):
            return found
        name = _last_part(found) or self._name(logical_id)
        return _ARNS[kind][1].format(partition=self._partition, region=self._region, account=self.account, name=name)

    def _name(self, logical_id: str) -> str:
        if logical_id in self._ids:
            return self._ids[logical_id]
        resource = self._template["Resources"][logical_id]
        named_by = _ARNS.get(resource["Type"], ("", ""))[0]
        given = resource.get("Properties", {}).get(named_by)
        return str(self._value(given)) if given is not None else f"{self.name}-{logical_id}"

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [each for each in map(self._value, value) if each is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function in _FUNCTIONS and (function != "Condition" or isinstance(argument, str)):
                return _FUNCTIONS[function](self, argument)
        found = {key: self._value(each) for key, each in value.items()}
        return {key: each for key, each in found.items() if each is not _NO_VALUE}

    def _reference(self, name: str) -> Any:
        known = {
            "AWS::Partition": self._partition,
            "AWS::Region": self._region,
            "AWS::AccountId": self.account,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": self.name,
            "AWS::NoValue": _NO_VALUE,
            **self._parameters,
        }
        if name in known:
            return known[name]
        by_arn = self._template["Resources"][name]["Type"] in _REFERENCED_BY_ARN
        return self.arn(name) if by_arn else self._name(name)

    def _attribute(self, target: Any) -> str:
        logical_id, _, attribute = (target if isinstance(target, str) else ".".join(target)).partition(".")
        if attribute == "Arn":
            return self.arn(logical_id)
        if attribute in _NAMES and logical_id in self._ids:
            return _last_part(self._ids[logical_id])
        return f"{self.name}.{logical_id}.{attribute}"

    def _substituted(self, argument: Any) -> str:
        text, more = argument if isinstance(argument, list) else (argument, {})
        own = {key: str(self._value(each)) for key, each in more.items()}

        def put(found: re.Match[str]) -> str:
            name = found[1]
            if name in own:
                return own[name]
            return str(self._attribute(name) if "." in name else self._reference(name))

        return _PLACEHOLDER.sub(put, text)

    def _holds(self, name: str) -> bool:
        return bool(self._value(self._template["Conditions"][name]))

    def _chosen(self, argument: list[Any]) -> Any:
        return self._value(argument[1] if self._holds(argument[0]) else argument[2])


def _last_part(physical_id: str) -> str:
    """A queue's id is its URL, a topic's its ARN; both end in the name."""
    return re.split(r"[/:]", physical_id)[-1]


def _parameter(declared: Mapping[str, Any], value: str) -> Any:
    return value.split(",") if "List" in declared["Type"] else value


_FUNCTIONS: dict[str, Any] = {
    "Ref": RenderedStack._reference,
    "Fn::GetAtt": RenderedStack._attribute,
    "Fn::Sub": RenderedStack._substituted,
    "Fn::If": RenderedStack._chosen,
    "Fn::Join": lambda stack, argument: argument[0].join(map(str, stack._value(argument[1]))),
    "Fn::Split": lambda stack, argument: str(stack._value(argument[1])).split(argument[0]),
    "Fn::Select": lambda stack, argument: stack._value(argument[1])[int(argument[0])],
    "Fn::ImportValue": lambda stack, argument: stack._imports.get(
        name := str(stack._value(argument)), f"import {name}"
    ),
    "Fn::Equals": lambda stack, argument: stack._value(argument[0]) == stack._value(argument[1]),
    "Fn::Not": lambda stack, argument: not stack._value(argument[0]),
    "Fn::And": lambda stack, argument: all(map(stack._value, argument)),
    "Fn::Or": lambda stack, argument: any(map(stack._value, argument)),
    "Condition": RenderedStack._holds,
}
