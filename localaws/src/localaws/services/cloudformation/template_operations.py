"""Operations about templates: GetTemplate, GetTemplateSummary, ValidateTemplate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.cloudformation.change_set_records import find_change_set
from localaws.services.cloudformation.deployment import stack_scope
from localaws.services.cloudformation.intrinsics import as_text
from localaws.services.cloudformation.parameters import check_declarations, parameter_type
from localaws.services.cloudformation.processed import processed_template
from localaws.services.cloudformation.records import Records
from localaws.services.cloudformation.schema import resource_schema
from localaws.services.cloudformation.template import Template, parse_template
from localaws.services.cloudformation.template_source import read_template
from localaws.services.cloudformation.validation import (
    capabilities_reason,
    required_capabilities,
    validate_template,
)

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class TemplateOperations(Service):
    """What a template is and says, without making anything of it."""

    service = "cloudformation"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)

    def get_template(self, caller: Caller, request: Request) -> Response:
        if request.get("ChangeSetName"):
            document = find_change_set(self._records, caller, request)
            stack = {**self._records.get(document["StackKey"]), **document["Fields"]}
        else:
            if not request.get("StackName"):
                raise ServiceError("ValidationError", "StackName is required if ChangeSetName is not specified.")
            stack = self._records.stack(caller, request["StackName"])
        body = stack["TemplateBody"] or ""
        if body and request.get("TemplateStage") == "Processed":
            body = processed_template(parse_template(body), stack_scope(self._cloud, self._records, stack))
        return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}

    def validate_template(self, caller: Caller, request: Request) -> Response:
        template = self._validated(caller, request)
        return {
            **_common(template),
            "Parameters": [
                {
                    "ParameterKey": key,
                    "NoEcho": _no_echo(declared),
                    **({"DefaultValue": as_text(declared["Default"])} if "Default" in declared else {}),
                    **({"Description": str(declared["Description"])} if "Description" in declared else {}),
                }
                for key, declared in template.parameters.items()
            ],
        }

    def get_template_summary(self, caller: Caller, request: Request) -> Response:
        if request.get("StackName"):
            stack = self._records.stack(caller, request["StackName"])
            if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
                message = "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."
                raise ServiceError("ValidationError", message)
            template = parse_template(stack["TemplateBody"])
        else:
            template = self._validated(caller, request)
        kinds = sorted({resource["Type"] for resource in template.resources.values()})
        metadata = {"Metadata": json.dumps(template.metadata)} if template.metadata else {}
        return {
            **_common(template),
            **metadata,
            "Parameters": [_declaration(key, declared) for key, declared in template.parameters.items()],
            "ResourceTypes": kinds,
            "Version": str(template.document.get("AWSTemplateFormatVersion", "2010-09-09")),
        }

    def _validated(self, caller: Caller, request: Request) -> Template:
        template = read_template(self._cloud, caller, request)
        validate_template(template, lambda kind: resource_schema(kind, caller.region))
        check_declarations(template.parameters)
        return template


def _common(template: Template) -> dict[str, Any]:
    common: dict[str, Any] = {}
    if template.description is not None:
        common["Description"] = template.description
    capabilities = required_capabilities(template)
    if capabilities:
        common |= {"Capabilities": capabilities, "CapabilitiesReason": capabilities_reason(template)}
    if template.transforms:
        common["DeclaredTransforms"] = template.transforms
    return common


def _no_echo(declared: dict[str, Any]) -> bool:
    return as_text(declared.get("NoEcho", False)).lower() == "true"


def _declaration(key: str, declared: dict[str, Any]) -> dict[str, Any]:
    document = {"ParameterKey": key, "ParameterType": parameter_type(key, declared), "NoEcho": _no_echo(declared)}
    if "Default" in declared:
        document["DefaultValue"] = as_text(declared["Default"])
    if "Description" in declared:
        document["Description"] = str(declared["Description"])
    allowed = declared.get("AllowedValues")
    document["ParameterConstraints"] = {"AllowedValues": [as_text(each) for each in allowed]} if allowed else {}
    return document
