"""A stack's template and parameters put together: the scope in which its resources and outputs are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.services.cloudformation.dynamic_references import resolve_ssm_references
from localaws.services.cloudformation.errors import ResourceError, TemplateError
from localaws.services.cloudformation.intrinsics import KNOWN_AFTER_APPLY, as_text, evaluate
from localaws.services.cloudformation.parameters import Parameter
from localaws.services.cloudformation.principal import acting_caller
from localaws.services.cloudformation.records import Records, Stack
from localaws.services.cloudformation.references import imports, references
from localaws.services.cloudformation.scope import StackScope, pseudo_parameters
from localaws.services.cloudformation.template import Template, parse_template

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_SSM_BATCH = 10  # GetParameters takes no more names


def parameter_documents(parameters: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    return [asdict(parameter) for parameter in parameters.values()]


def stored_parameters(stack: Mapping[str, Any]) -> dict[str, Parameter]:
    return {each["key"]: Parameter(**each) for each in stack["Parameters"]}


def stack_scope(
    cloud: Cloud,
    records: Records,
    stack: Stack,
    template: Template | None = None,
    parameters: Mapping[str, Parameter] | None = None,
) -> StackScope:
    """The scope of a stack as its document has it, or of another template and other parameters over its resources."""
    account, region = stack["Account"], stack["Region"]
    acting = acting_caller(stack)
    topics = stack.get("NotificationARNs") or []

    def exported(name: str) -> str | None:
        found = records.exports(account, region).get(name)
        return found["Value"] if found and found["ExportingStackId"] != stack["StackId"] else None

    return StackScope(
        template or parse_template(stack["TemplateBody"]),
        stored_parameters(stack) if parameters is None else parameters,
        pseudo_parameters(account, region, stack["StackId"], stack["StackName"], topics),
        stack["Resources"],
        exports=exported,
        zones=lambda zone_region: availability_zones(cloud, acting.in_region(zone_region)),
        stored=lambda text: resolve_ssm_references(text, lambda service: cloud.client(service, acting)),
    )


def availability_zones(cloud: Cloud, caller: Caller) -> list[str]:
    zones = cloud.client("ec2", caller).describe_availability_zones()["AvailabilityZones"]
    return sorted(zone["ZoneName"] for zone in zones)


def read_ssm(cloud: Cloud, caller: Caller, names: list[str]) -> dict[str, str]:
    """Values of SSM parameters by the name they were asked for; absent ones are left out."""
    client = cloud.client("ssm", caller)
    found: dict[str, str] = {}
    for start in range(0, len(names), _SSM_BATCH):
        batch = names[start : start + _SSM_BATCH]
        for parameter in client.get_parameters(Names=batch)["Parameters"]:
            for name in batch:
                if name in (parameter["Name"], parameter["ARN"]) or name.split(":")[0] == parameter["Name"]:
                    found[name] = parameter["Value"]
    return found


def outputs(scope: StackScope) -> list[dict[str, Any]]:
    """The stack's Outputs as DescribeStacks gives them; those whose condition does not hold are left out."""
    result = []
    conditions, active = scope.conditions(), scope.active_resources().keys()
    for name, output in scope.template.outputs.items():
        if "Condition" in output and not scope.condition(output["Condition"]):
            continue
        absent = sorted(
            {each.name for each in references(output, conditions)} & scope.template.resources.keys() - active
        )
        if absent:
            raise TemplateError(
                f"Unresolved resource dependencies [{', '.join(absent)}] in the Outputs block of the template"
            )
        value = evaluate(output["Value"], scope)
        document = {"OutputKey": name, "OutputValue": scope.stored(as_text(value))}
        if output.get("Description"):
            document["Description"] = str(output["Description"])
        export = output.get("Export", {}).get("Name")
        if export is not None:
            document["ExportName"] = as_text(evaluate(export, scope))
        result.append(document)
    return result


def absent_imports(scope: StackScope) -> dict[str, str]:
    """Logical id -> the first export that the resource imports and that is not there."""
    conditions = scope.conditions()
    found: dict[str, str] = {}
    for name, resource in scope.active_resources().items():
        for argument in imports(resource.get("Properties"), conditions):
            export = evaluate(argument, scope)
            if isinstance(export, str) and export != KNOWN_AFTER_APPLY and scope.exports(export) is None:
                found.setdefault(name, export)
    return found


def check_exports(records: Records, stack: Stack, found: list[dict[str, Any]]) -> None:
    """Refuse an export that another stack has, and the loss or change of one that another stack imports."""
    account, region = stack["Account"], stack["Region"]
    exports = records.exports(account, region)
    mine = {each["ExportName"]: each["OutputValue"] for each in found if "ExportName" in each}
    for name in mine:
        if name in exports and exports[name]["ExportingStackId"] != stack["StackId"]:
            other = exports[name]["ExportingStackId"].split("/")[1]
            raise ResourceError(
                f"Export with name {name} is already exported by stack {other}. Rename the export and try again."
            )
    for name, export in exports.items():
        if export["ExportingStackId"] != stack["StackId"] or mine.get(name) == export["Value"]:
            continue
        importers = [each for each in records.importers(account, region, name) if each != stack["StackName"]]
        if importers:
            verb = "updated" if name in mine else "deleted"
            raise ResourceError(f"Export {name} cannot be {verb} as it is in use by {', '.join(importers)}")
