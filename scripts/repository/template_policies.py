"""The IAM policies of a template, with sample values in place of references. Pure: JSON values in and out.

A linter of policies knows nothing of ``Fn::Sub``; what it looks at is whether actions exist and fit the shape of their
resources, and for that any account, region and name will do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_SAMPLES = {
    "AWS::Partition": "aws",
    "AWS::Region": "ap-southeast-2",
    "AWS::AccountId": "012345670123",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "sample",
}
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::sample",
    "AWS::KMS::Key": "arn:aws:kms:ap-southeast-2:012345670123:key/11111111-1111-1111-1111-111111111111",
    "AWS::IAM::Role": "arn:aws:iam::012345670123:role/sample",
    "AWS::SNS::Topic": "arn:aws:sns:ap-southeast-2:012345670123:sample",
    "AWS::SQS::Queue": "arn:aws:sqs:ap-southeast-2:012345670123:sample",
    "AWS::Events::Rule": "arn:aws:events:ap-southeast-2:012345670123:rule/sample",
    "AWS::CodeBuild::Project": "arn:aws:codebuild:ap-southeast-2:012345670123:project/sample",
}
_REFERENCES_TO_ARNS = ("AWS::SNS::Topic", "AWS::IAM::ManagedPolicy")
_PARAMETER_ARNS: dict[str, Any] = {
    "ConnectionArn": "arn:aws:codeconnections:ap-southeast-2:012345670123:connection/sample",
    "ModelArtifactBucketArns": ["arn:aws:s3:::sample"],
    "ModelArtifactKeyArns": [_ARNS["AWS::KMS::Key"]],
    "ModelPackageArns": [
        "arn:aws:sagemaker:ap-southeast-2:012345670123:model-package-group/sample",
        "arn:aws:sagemaker:ap-southeast-2:012345670123:model-package/sample/*",
    ],
}
_PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass(frozen=True)
class TemplatePolicy:
    """One policy document. ``name`` is the resource's logical id and the policy's name."""

    name: str
    document: dict[str, Any]


def identity_policies(template: dict[str, Any]) -> list[TemplatePolicy]:
    """What roles and managed policies allow; trust policies and policies on resources name a principal and are none."""
    found = []
    for logical_id, resource in template.get("Resources", {}).items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            found += [(f"{logical_id}.{each['PolicyName']}", each) for each in properties.get("Policies", [])]
        elif resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"):
            found.append((logical_id, properties))
    return [TemplatePolicy(name, _sampled(each["PolicyDocument"], template)) for name, each in found]


def _sampled(value: Any, template: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_sampled(each, template) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(name, argument)] = value.items()
        if name in _INTRINSICS:
            return _INTRINSICS[name](argument, template)
    return {name: _sampled(each, template) for name, each in value.items()}


def _got(argument: Any, template: dict[str, Any]) -> str:
    return _attribute(argument if isinstance(argument, str) else ".".join(argument), template)


def _substituted(argument: Any, template: dict[str, Any]) -> str:
    text, own = (argument, {}) if isinstance(argument, str) else argument
    given = {name: str(_sampled(each, template)) for name, each in own.items()}
    return _PLACEHOLDER.sub(lambda found: given[found[1]] if found[1] in given else _named(found[1], template), text)


def _joined(argument: Any, template: dict[str, Any]) -> str:
    delimiter, parts = argument
    return str(delimiter).join(str(each) for each in _sampled(parts, template))


def _split(argument: Any, template: dict[str, Any]) -> list[str]:
    delimiter, text = argument
    return str(_sampled(text, template)).split(delimiter)


def _imported(argument: Any, template: dict[str, Any]) -> str:
    """What another stack exports: a key or a role, where the export's name ends so."""
    name = str(_sampled(argument, template))
    ends = {"-key": "AWS::KMS::Key", "-role": "AWS::IAM::Role"}
    return next((_ARNS[kind] for end, kind in ends.items() if name.endswith(end)), "sample")


def _named(name: str, template: dict[str, Any]) -> str:
    return _attribute(name, template) if "." in name else str(_reference(name, template))


def _reference(name: str, template: dict[str, Any]) -> Any:
    """A list for a parameter that is one."""
    resource = template.get("Resources", {}).get(name, {})
    if resource.get("Type") in _REFERENCES_TO_ARNS:
        return _ARNS.get(resource["Type"], "sample")
    if name.endswith("AccountId"):
        return _SAMPLES["AWS::AccountId"]
    return _SAMPLES.get(name) or _PARAMETER_ARNS.get(name, "sample")


def _attribute(name: str, template: dict[str, Any]) -> str:
    logical_id, _, attribute = name.partition(".")
    kind = template.get("Resources", {}).get(logical_id, {}).get("Type", "")
    return _ARNS.get(kind, "*") if attribute == "Arn" else "sample"


_INTRINSICS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "Ref": _reference,
    "Fn::GetAtt": _got,
    "Fn::ImportValue": _imported,
    "Fn::Sub": _substituted,
    "Fn::Join": _joined,
    "Fn::Split": _split,
}
