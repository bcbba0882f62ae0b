"""What somebody submits to create or update a stack, read from the request and found valid before anything happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.services.cloudformation.change_set import Change, resource_changes
from localaws.services.cloudformation.deployment import (
    absent_imports,
    outputs,
    parameter_documents,
    read_ssm,
    stack_scope,
)
from localaws.services.cloudformation.errors import ResourceError, TemplateError
from localaws.services.cloudformation.parameters import Parameter, resolve_parameters
from localaws.services.cloudformation.principal import acting_caller, check_role
from localaws.services.cloudformation.records import Records, Stack
from localaws.services.cloudformation.rules import check_rules
from localaws.services.cloudformation.schema import ResourceSchema, resource_schema
from localaws.services.cloudformation.scope import StackScope
from localaws.services.cloudformation.template import Template, parse_template
from localaws.services.cloudformation.template_source import read_template
from localaws.services.cloudformation.unsupported import refuse_unsupported_types
from localaws.services.cloudformation.validation import (
    check_capabilities,
    check_policies,
    check_resource_types,
    validate_template,
)

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


@dataclass(frozen=True)
class Submission:
    """``changes`` are what it would do to the stack; ``changes_outputs`` whether outputs or stack tags differ too."""

    template: Template
    parameters: Mapping[str, Parameter]
    fields: dict[str, Any]  # what it replaces in the stack's document
    changes: list[Change]
    changes_outputs: bool
    absent_imports: dict[str, str]  # logical id -> the export that it imports and that is not there

    @property
    def has_changes(self) -> bool:
        return bool(self.changes) or self.changes_outputs


def submit(cloud: Cloud, records: Records, caller: Caller, request: dict[str, Any], stack: Stack) -> Submission:
    """Read and validate a request against ``stack`` (one without resources where it is to be created).

    Raises ServiceError as AWS refuses: template, parameters, rules, capabilities, role.
    """
    _refuse_unimplemented(request)
    check_role(cloud, caller, request.get("RoleARN"), stack["StackId"])
    present = stack["TemplateBody"]
    template = read_template(cloud, caller, request, present)
    validate_template(template, lambda kind: _schema(kind, caller.region))
    role = request.get("RoleARN") or stack.get("RoleARN")
    check_resource_types(template, request.get("ResourceTypes"))
    tags = stack["Tags"] if "Tags" not in request else _tags(request["Tags"])
    topics = request.get("NotificationARNs", stack.get("NotificationARNs") or [])
    acting = acting_caller({**stack, "RoleARN": role})
    previous = {each["key"]: each["text"] for each in stack["Parameters"]}
    parameters = resolve_parameters(
        template, request.get("Parameters") or [], previous, lambda names: read_ssm(cloud, acting, names)
    )
    scope = stack_scope(cloud, records, {**stack, "RoleARN": role, "NotificationARNs": topics}, template, parameters)
    scope.conditions()
    check_rules(template, scope, parameters)
    active = scope.active_resources()
    check_policies(active, may_be_functions=False)
    refuse_unsupported_types(active)
    is_change_set = "ChangeSetName" in request
    check_capabilities(template, request.get("Capabilities") or [], is_change_set=is_change_set)
    # UpdateStack asks for exports at once; a change set is made without them, and a creation fails over them.
    scope.absent_exports_are_unknown = is_change_set or not present
    previous_resources = parse_template(present).resources if present else {}
    changes = resource_changes(scope, tags, lambda kind: _schema(kind, caller.region), previous_resources)
    changes_outputs = _found_outputs(scope) != stack.get("Outputs", []) or tags != stack["Tags"]
    fields = {
        "TemplateBody": template.body,
        "Description": template.description,
        "Parameters": parameter_documents(parameters),
        "Capabilities": request.get("Capabilities") or [],
        "Tags": tags,
        "RoleARN": role,
        "NotificationARNs": topics,
        "Caller": stack["Caller"],
    }
    return Submission(template, parameters, fields, changes, changes_outputs, absent_imports(scope))


def _found_outputs(scope: StackScope) -> list[dict[str, Any]]:
    try:
        return outputs(scope)
    except ResourceError as error:  # of a dynamic reference
        raise TemplateError(error.reason) from error


def _refuse_unimplemented(request: dict[str, Any]) -> None:
    if (request.get("RollbackConfiguration") or {}).get("RollbackTriggers"):
        raise ServiceError("NotImplemented", "localaws does not watch rollback triggers (RollbackConfiguration).", 501)
    if request.get("DeploymentMode"):
        raise ServiceError("NotImplemented", "localaws does not implement DeploymentMode of change sets.", 501)


def _schema(kind: str, region: str) -> ResourceSchema:
    return resource_schema(kind, region)


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) < len(keys):
        raise ServiceError("ValidationError", "Template error: duplicate tag keys are not permitted.")
    reserved = [key for key in keys if key.lower().startswith("aws:")]
    if reserved:
        raise TemplateError(f"Tag keys must not begin with aws: ({', '.join(reserved)})")
    return {tag["Key"]: tag["Value"] for tag in tags}
