"""A template's resources with the values that they would have in one account, given parameters. Pure.

Only what policies are made of is worked out: names, ARNs, conditions, lists. An attribute that AWS alone would know
stands there as ``<stack>.<logical id>.<attribute>``.
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
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{name}"),
    "AWS::KMS::Key": ("", "arn:aws:kms:ap-southeast-2:{account}:key/{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:aws:sns:ap-southeast-2:{account}:{name}"),
    "AWS::CodeBuild::Project": ("Name", "arn:aws:codebuild:ap-southeast-2:{account}:project/{name}"),
}
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
    ) -> None:
        self.name, self.account = name, account
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
        return _ARNS[kind][1].format(account=self.account, name=self._name(logical_id))

    def _name(self, logical_id: str) -> str:
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
            "AWS::Partition": PARTITION,
            "AWS::Region": REGION,
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
        return self.arn(logical_id) if attribute == "Arn" else f"{self.name}.{logical_id}.{attribute}"

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


def _parameter(declared: Mapping[str, Any], value: str) -> Any:
    return value.split(",") if "List" in declared["Type"] else value


_FUNCTIONS: dict[str, Any] = {
    "Ref": RenderedStack._reference,
    "Fn::GetAtt": RenderedStack._attribute,
    "Fn::Sub": RenderedStack._substituted,
    "Fn::If": RenderedStack._chosen,
    "Fn::Join": lambda stack, argument: argument[0].join(map(str, stack._value(argument[1]))),
    "Fn::Split": lambda stack, argument: str(stack._value(argument[1])).split(argument[0]),
    "Fn::ImportValue": lambda stack, argument: stack._imports.get(
        name := str(stack._value(argument)), f"import {name}"
    ),
    "Fn::Equals": lambda stack, argument: stack._value(argument[0]) == stack._value(argument[1]),
    "Fn::Not": lambda stack, argument: not stack._value(argument[0]),
    "Fn::And": lambda stack, argument: all(map(stack._value, argument)),
    "Fn::Or": lambda stack, argument: any(map(stack._value, argument)),
    "Condition": RenderedStack._holds,
}
