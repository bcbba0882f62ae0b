"""The template after its transform, as GetTemplate shows it with TemplateStage Processed.

AWS::LanguageExtensions leaves no trace: its functions and the policies of resources are their values, and the section
Transform is gone. What depends on a resource keeps its function, since nothing is known of that yet.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

from __future__ import annotations

import json
from typing import Any

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.intrinsics import KNOWN_AFTER_APPLY, evaluate
from localaws.services.cloudformation.scope import POLICIES, StackScope
from localaws.services.cloudformation.template import Template

_EXTENSIONS = ("Fn::Length", "Fn::ToJsonString")


def processed_template(template: Template, scope: StackScope) -> str:
    """The original where nothing transforms it, otherwise JSON."""
    if not template.transforms:
        return template.body
    scope.unknown |= set(template.resources)
    document = {key: _processed(value, scope) for key, value in template.document.items() if key != "Transform"}
    for resource in document["Resources"].values():
        for policy in POLICIES:
            if policy in resource:
                resource[policy] = evaluate(resource[policy], scope)
    return json.dumps(document)


def _processed(value: Any, scope: StackScope) -> Any:
    if isinstance(value, list):
        return [_processed(item, scope) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        with_default = name == "Fn::FindInMap" and isinstance(argument, list) and len(argument) == 4
        if name in _EXTENSIONS or with_default:
            return _value_of(value, scope)
    return {key: _processed(item, scope) for key, item in value.items()}


def _value_of(function: dict[str, Any], scope: StackScope) -> Any:
    try:
        found = evaluate(function, scope)
    except TemplateError:
        return function
    return function if KNOWN_AFTER_APPLY in str(found) else found
