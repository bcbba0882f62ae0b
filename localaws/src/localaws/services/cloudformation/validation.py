"""What AWS refuses of a template beforehand: undefined names, circles, unknown types, missing capabilities. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from localaws.core.errors import ServiceError
from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.references import creation_order, depends_on, references
from localaws.services.cloudformation.schema import ResourceSchema, UnknownResourceTypeError
from localaws.services.cloudformation.template import Template

PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NoValue",
        "NotificationARNs",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
_IAM_TYPES = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}

SchemaOf = Callable[[str], ResourceSchema]


def validate_template(template: Template, schema_of: SchemaOf) -> None:
    """Raise TemplateError for the first thing that is wrong whatever the parameters are."""
    _check_types(template, schema_of)
    _check_names(template, schema_of)
    check_policies(template.resources, may_be_functions=template.has_language_extensions)
    creation_order(
        {
            name: {reference.name for reference in references(resource)} | set(depends_on(resource))
            for name, resource in template.resources.items()
        }
    )


def required_capabilities(template: Template) -> list[str]:
    """The capability that creating this template's IAM resources needs, if any."""
    found: list[str] = []
    for resource in template.resources.values():
        kind = resource["Type"]
        if kind not in _IAM_TYPES:
            continue
        name = _IAM_TYPES[kind]
        named = name is not None and name in (resource.get("Properties") or {})
        found.append("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    return [max(found, key=len)] if found else []


def capabilities_reason(template: Template) -> str | None:
    """Which resources need the capability, in the words of ValidateTemplate."""
    kinds = sorted({each["Type"] for each in template.resources.values() if each["Type"] in _IAM_TYPES})
    return f"The following resource(s) require capabilities: [{', '.join(kinds)}]" if kinds else None


def check_capabilities(template: Template, acknowledged: Iterable[str], *, is_change_set: bool) -> None:
    """A change set shows what a transform made of the template; who takes it unseen must say so."""
    given = set(acknowledged)
    needed = required_capabilities(template)
    if template.transforms and not is_change_set:
        needed.append("CAPABILITY_AUTO_EXPAND")
    if "CAPABILITY_NAMED_IAM" in given:
        given.add("CAPABILITY_IAM")
    missing = [capability for capability in needed if capability not in given]
    if missing:
        raise ServiceError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(missing)}]")


def check_resource_types(template: Template, allowed: Iterable[str] | None) -> None:
    """Refuse types outside the request's ResourceTypes (``AWS::*``, ``AWS::SQS::*``, ``AWS::SQS::Queue``)."""
    if not allowed:
        return
    patterns = list(allowed)
    for resource in template.resources.values():
        if not any(fnmatch.fnmatchcase(resource["Type"], pattern) for pattern in patterns):
            raise TemplateError(
                f"Resource type {resource['Type']} is not allowed by parameter ResourceTypes [{', '.join(patterns)}]"
            )


def _check_types(template: Template, schema_of: SchemaOf) -> None:
    unknown = []
    for resource in template.resources.values():
        try:
            if not resource["Type"].startswith("Custom::"):
                schema_of(resource["Type"])
        except UnknownResourceTypeError:
            unknown.append(resource["Type"])
    if unknown:
        raise TemplateError(f"Template format error: Unrecognized resource types: [{', '.join(sorted(set(unknown)))}]")


def _check_names(template: Template, schema_of: SchemaOf) -> None:
    for name, resource in template.resources.items():
        missing = [other for other in depends_on(resource) if other not in template.resources]
        if missing:
            raise _unresolved(missing, "Resources")
        _check_references(template, resource, "Resources", schema_of)
        _check_condition_name(template, name, resource)
    for name, output in template.outputs.items():
        _check_references(template, output, "Outputs", schema_of)
        _check_condition_name(template, name, output)
    for condition in template.conditions.values():
        outside = [each.name for each in references(condition) if each.name in template.resources]
        if outside:
            raise TemplateError(
                f"Template format error: Unresolved dependencies [{', '.join(outside)}]. Cannot reference resources in "
                "the Conditions block of the template"
            )
        _check_references(template, condition, "Conditions", schema_of)
    for block in ("Resources", "Outputs"):
        _check_if_names(template, template.document.get(block))


def _check_references(template: Template, value: Any, block: str, schema_of: SchemaOf) -> None:
    known = template.parameters.keys() | template.resources.keys() | PSEUDO_PARAMETERS
    plain = [each.name for each in references(value) if each.attribute is None and each.name not in known]
    if plain:
        raise _unresolved(plain, block)
    for each in references(value):
        if each.attribute is None:
            continue
        resource = template.resources.get(each.name)
        if resource is None:
            raise TemplateError(f"Template error: instance of Fn::GetAtt references undefined resource {each.name}")
        kind = resource["Type"]
        if each.attribute and not kind.startswith("Custom::") and not schema_of(kind).has_attribute(each.attribute):
            raise TemplateError(
                f"Template error: resource {each.name} does not support attribute type {each.attribute} in Fn::GetAtt"
            )


def _unresolved(names: Iterable[str], block: str) -> TemplateError:
    listed = ", ".join(sorted(set(names)))
    return TemplateError(
        f"Template format error: Unresolved resource dependencies [{listed}] in the {block} block of the template"
    )


def _check_condition_name(template: Template, name: str, holder: Mapping[str, Any]) -> None:
    condition = holder.get("Condition")
    if condition is not None and condition not in template.conditions:
        raise TemplateError(f"Template format error: Unresolved condition dependency {condition} in {name}")


def _check_if_names(template: Template, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _check_if_names(template, item)
    elif isinstance(value, dict):
        chosen = value.get("Fn::If")
        if len(value) == 1 and isinstance(chosen, list) and chosen and str(chosen[0]) not in template.conditions:
            raise TemplateError(f"Template error: unresolved condition dependency {chosen[0]} in Fn::If")
        for item in value.values():
            _check_if_names(template, item)


def check_policies(resources: Mapping[str, Mapping[str, Any]], *, may_be_functions: bool) -> None:
    """The two deletion policies of each resource; language extensions may compute them."""
    for name, resource in resources.items():
        for key, allowed in _POLICIES.items():
            value = resource.get(key)
            if value is None or (isinstance(value, dict) and may_be_functions):
                continue
            if not isinstance(value, str):
                raise TemplateError(f"Template format error: Every {key} member must be a string.")
            if value not in allowed:
                raise TemplateError(f"Template format error: Unrecognized {key} {value} for resource {name}")
