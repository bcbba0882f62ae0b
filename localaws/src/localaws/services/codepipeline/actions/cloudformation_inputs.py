"""What a CloudFormation action takes from artifacts: the template, its configuration file, parameter overrides.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-parameter-override-functions.html
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from localaws.core.archives import read_entry
from localaws.core.documents import DocumentLimitError, refuse_unbounded_yaml
from localaws.core.partitions import object_url
from localaws.services.codepipeline.action_failures import ActionFailedError
from localaws.services.codepipeline.actions.context import ActionContext

_TEMPLATE_CONFIGURATION = ("Parameters", "Tags", "StackPolicy")


def artifact_file(context: ActionContext, reference: str) -> bytes:
    """The file that ``ArtifactName::path`` names. Raises ActionFailedError."""
    artifact, _, path = reference.partition("::")
    content = context.read_input(artifact)
    try:
        return read_entry(content, path)
    except KeyError as error:
        raise ActionFailedError(
            "ConfigurationError", f"File [{path}] does not exist in artifact [{artifact}]"
        ) from error
    except ValueError as error:
        raise ActionFailedError("ConfigurationError", f"The artifact {artifact}: {error}") from error


def template_configuration(context: ActionContext) -> dict[str, Any]:
    """Parameters, Tags and StackPolicy of the TemplateConfiguration file; empty where there is none."""
    reference = context.configuration.get("TemplateConfiguration")
    if reference is None:
        return {}
    found = _document(reference, artifact_file(context, reference))
    unknown = [name for name in found if name not in _TEMPLATE_CONFIGURATION]
    if unknown:
        known = ", ".join(_TEMPLATE_CONFIGURATION)
        raise ActionFailedError(
            "ConfigurationError", f"{reference} has the unknown key {unknown[0]}; it may have {known}"
        )
    return found


def parameter_overrides(context: ActionContext) -> dict[str, str]:
    """ParameterOverrides with Fn::GetParam and Fn::GetArtifactAtt resolved."""
    text = context.configuration.get("ParameterOverrides", "{}")
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ActionFailedError("ConfigurationError", f"ParameterOverrides is not JSON: {error}") from error
    return {name: _value(context, name, value) for name, value in given.items()}


def text_value(value: Any) -> str:
    """A parameter's or tag's value as CloudFormation takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(text_value(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)


def _value(context: ActionContext, name: str, value: Any) -> str:
    if not isinstance(value, dict):
        return text_value(value)
    function, arguments = next(iter(value.items()), ("", None))
    if function == "Fn::GetArtifactAtt" and isinstance(arguments, list) and len(arguments) == 2:
        return _artifact_attribute(context, *arguments)
    if function == "Fn::GetParam" and isinstance(arguments, list) and len(arguments) == 3:
        return _parameter_of_file(context, *arguments)
    raise ActionFailedError(
        "ConfigurationError",
        f"ParameterOverrides {name} must be a text, Fn::GetArtifactAtt or Fn::GetParam, found {json.dumps(value)}",
    )


def _artifact_attribute(context: ActionContext, artifact: str, attribute: str) -> str:
    if artifact not in context.inputs:
        raise ActionFailedError(
            "ConfigurationError", f"Fn::GetArtifactAtt: {artifact} is not an input artifact of this action"
        )
    place = context.inputs[artifact]
    values = {
        "BucketName": place["bucket"],
        "ObjectKey": place["key"],
        "URL": object_url(context.role.region, place["bucket"], place["key"]),
    }
    if attribute not in values:
        raise ActionFailedError(
            "ConfigurationError", f"Fn::GetArtifactAtt: {attribute} is not one of {', '.join(values)}"
        )
    return values[attribute]


def _parameter_of_file(context: ActionContext, artifact: str, path: str, key: str) -> str:
    reference = f"{artifact}::{path}"
    document = _document(reference, artifact_file(context, reference))
    if key not in document:
        raise ActionFailedError("ConfigurationError", f"Fn::GetParam: {reference} has no key {key}")
    return text_value(document[key])


def _document(reference: str, content: bytes) -> dict[str, Any]:
    """JSON, or YAML as people write it too."""
    try:
        refuse_unbounded_yaml(content)
        found = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, DocumentLimitError) as error:
        raise ActionFailedError("ConfigurationError", f"{reference} is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise ActionFailedError("ConfigurationError", f"{reference} is not a JSON object")
    return found
