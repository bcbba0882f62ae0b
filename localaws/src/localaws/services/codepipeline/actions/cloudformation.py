"""Deploys a template: creates, updates, replaces or deletes a stack, or makes and executes a change set.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from localaws.core.archives import zip_bytes
from localaws.core.partitions import object_url
from localaws.services.codepipeline.action_failures import ActionFailedError
from localaws.services.codepipeline.actions.cloudformation_inputs import (
    artifact_file,
    parameter_overrides,
    template_configuration,
    text_value,
)
from localaws.services.codepipeline.actions.cloudformation_stacks import Stacks
from localaws.services.codepipeline.actions.context import ActionContext, ActionResult

_LONGEST_BODY = 51_200  # bytes; a longer template is passed by URL
_REPLACED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
_NO_CHANGES = ("didn't contain changes", "no updates are to be performed")


def cloudformation(context: ActionContext) -> ActionResult:
    modes: dict[str, Callable[[ActionContext, Stacks], ActionResult]] = {
        "CREATE_UPDATE": _create_update,
        "REPLACE_ON_FAILURE": _replace_on_failure,
        "CHANGE_SET_REPLACE": _replace_change_set,
        "CHANGE_SET_EXECUTE": _execute_change_set,
        "DELETE_ONLY": _delete,
    }
    name = context.configuration["StackName"]
    stacks = Stacks(context.client("cloudformation"), name, context.wait)
    try:
        return modes[context.configuration["ActionMode"]](context, stacks)
    except ClientError as error:
        raise ActionFailedError.of(f"Stack {name}", error) from error


def _create_update(context: ActionContext, stacks: Stacks) -> ActionResult:
    stack = stacks.find()
    request, policy = _deployment(context)
    if policy:
        request["StackPolicyBody"] = policy
    try:
        if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            stacks.client.create_stack(**request)
        else:
            stacks.client.update_stack(**request)
    except ClientError as error:
        if _means_no_changes(error.response["Error"]["Message"]):
            return _deployed(context, stacks.settled(), "No updates are to be performed")
        raise
    return _deployed(context, stacks.wait_until_done(), "")


def _replace_on_failure(context: ActionContext, stacks: Stacks) -> ActionResult:
    stack = stacks.find()
    if stack is not None and stack["StackStatus"] in _REPLACED:
        stacks.delete(context.configuration.get("RoleArn"))
    return _create_update(context, stacks)


def _replace_change_set(context: ActionContext, stacks: Stacks) -> ActionResult:
    name = context.configuration["ChangeSetName"]
    request, _ = _deployment(context)
    stack = stacks.find()
    if stack is not None:
        stacks.delete_change_set(name)
    new = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    made = stacks.client.create_change_set(ChangeSetName=name, ChangeSetType="CREATE" if new else "UPDATE", **request)
    context.note(externalExecutionId=made["Id"], externalExecutionUrl=_console(context, made["StackId"]))
    change_set = stacks.wait_for_change_set(name)
    reason = change_set.get("StatusReason", "")
    if change_set["Status"] == "FAILED" and not _means_no_changes(reason):
        raise ActionFailedError("JobFailed", f"Change set {name} of stack {stacks.name} failed: {reason}")
    changes = stacks.changes(name)
    if context.outputs:
        _write(context, {"ChangeSetName": name, "StackName": stacks.name, "Changes": changes})
    summary = f"Change set {name} was created with {len(changes)} change(s)"
    return ActionResult(summary, external_id=made["Id"])


def _execute_change_set(context: ActionContext, stacks: Stacks) -> ActionResult:
    name = context.configuration["ChangeSetName"]
    change_set = stacks.client.describe_change_set(StackName=stacks.name, ChangeSetName=name)
    context.note(
        externalExecutionId=change_set["ChangeSetId"], externalExecutionUrl=_console(context, change_set["StackId"])
    )
    if change_set["Status"] == "FAILED" and _means_no_changes(change_set.get("StatusReason", "")):
        return _deployed(context, stacks.settled(), f"Change set {name} has no changes")
    if "TemplateConfiguration" in context.configuration:
        policy = template_configuration(context).get("StackPolicy")
        if policy:
            stacks.client.set_stack_policy(StackName=stacks.name, StackPolicyBody=json.dumps(policy))
    stacks.client.execute_change_set(StackName=stacks.name, ChangeSetName=name)
    return _deployed(context, stacks.wait_until_done(), f"Change set {name} was executed")


def _delete(context: ActionContext, stacks: Stacks) -> ActionResult:
    stacks.delete(context.configuration.get("RoleArn"))
    return ActionResult(f"Stack {stacks.name} is deleted")


def _deployment(context: ActionContext) -> tuple[dict[str, Any], str]:
    """The request that CreateStack, UpdateStack and CreateChangeSet have in common, and the stack policy."""
    configuration = context.configuration
    body = artifact_file(context, configuration["TemplatePath"])
    file = template_configuration(context)
    parameters = {name: text_value(value) for name, value in (file.get("Parameters") or {}).items()}
    parameters |= parameter_overrides(context)
    request: dict[str, Any] = {
        "StackName": configuration["StackName"],
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        **_template(context, body),
    }
    if file.get("Tags"):
        request["Tags"] = [{"Key": name, "Value": text_value(value)} for name, value in file["Tags"].items()]
    if "Capabilities" in configuration:
        request["Capabilities"] = [item.strip() for item in configuration["Capabilities"].split(",")]
    if "RoleArn" in configuration:
        request["RoleARN"] = configuration["RoleArn"]
    return request, json.dumps(file["StackPolicy"]) if file.get("StackPolicy") else ""


def _template(context: ActionContext, body: bytes) -> dict[str, str]:
    if len(body) <= _LONGEST_BODY:
        return {"TemplateBody": body.decode("utf-8", "replace")}
    place = context.store.place("template", source=False)
    context.store.write(context.client("s3"), place, body)
    return {"TemplateURL": object_url(context.role.region, place["bucket"], place["key"])}


def _deployed(context: ActionContext, stack: dict[str, Any], summary: str) -> ActionResult:
    if not stack["StackStatus"].endswith("_COMPLETE") or "ROLLBACK" in stack["StackStatus"]:
        raise ActionFailedError("JobFailed", Stacks.reason(context.client("cloudformation"), stack))
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    if context.outputs:
        _write(context, outputs)
    summary = summary or f"Stack {stack['StackName']} is {stack['StackStatus']}"
    return ActionResult(
        summary, outputs, external_id=stack["StackId"], external_url=_console(context, stack["StackId"])
    )


def _write(context: ActionContext, document: dict[str, Any]) -> None:
    name = context.configuration.get("OutputFileName", "output.json")
    context.write_output(zip_bytes({name: json.dumps(document, indent=2, default=str).encode()}))


def _means_no_changes(reason: str) -> bool:
    return any(words in reason.lower() for words in _NO_CHANGES)


def _console(context: ActionContext, stack_id: str) -> str:
    region = context.role.region
    return f"https://{region}.console.aws.amazon.com/cloudformation/home?region={region}#/stacks/stackinfo?stackId={stack_id}"
