"""Binding: a stage-neutral pipeline definition and a stage's values make the definition that this stage gets.

Infrastructure (role, key, network, image, script, output prefix, transform settings) becomes literal and leaves the
parameters; what a run may choose stays a parameter, with the stage's default. What the stage leaves empty is dropped,
together with what becomes empty by it: without subnets there is no VpcConfig. Pure: equal input gives equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scripts.errors import DefinitionError

# Parameters that are never a run's choice. Each must be bound, or have a default in the definition.
INFRASTRUCTURE_PARAMETERS: Final = frozenset(
    {
        "RoleArn",
        "KmsKeyId",
        "ProcessingVolumeKmsKeyId",
        "InferenceVolumeKmsKeyId",
        "SubnetIds",
        "SecurityGroupIds",
        "ProcessingImageUri",
        "CodeUrl",
        "PreprocessScriptUrl",
        "OutputDataUrl",
        "BatchStrategy",
        "SplitType",
        "AssembleWith",
        "MaxPayloadInMB",
        "MaxConcurrentTransforms",
        "Accept",
        "ContentType",
        "InputFilter",
        "OutputFilter",
        "JoinSource",
    }
)

# What rendering records about itself; a bound definition carries none of it.
RENDER_METADATA: Final = frozenset(
    {"SourceDigests", "ContentDigest", "SdkVersion", "StockImages", "ProcessingImageUris", "InferenceImageUris"}
)

JOB_CODE: Final = "/opt/ml/processing/code/"  # where processing jobs find the release's code, by the tree's paths
_REFERENCE = "Parameters."
_DROPPED: Final = object()


def bind_definition(
    definition: Mapping[str, Any], infrastructure: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The definition for one stage, in canonical order of members; ``definition`` itself is not changed.

    ``infrastructure`` maps parameter names to literals: text, numbers, or a list that is spliced into the list its
    reference stands in. Empty text, an empty list and None all mean "this stage has none". Names that the definition
    does not declare are ignored. ``defaults`` are the new default values of parameters that stay.

    Raises DefinitionError for a reference to a parameter that nobody declares, an infrastructure parameter that has
    neither value nor default, and a default for a parameter whose type it is not.
    """
    parameters = _declared(definition)
    literals = _literals(parameters, infrastructure)
    kept = [parameter for name, parameter in parameters.items() if name not in literals]
    body = {key: value for key, value in definition.items() if key not in ("Parameters", "Metadata")}
    bound = _substitute(body, literals)
    unknown = sorted(set(parameter_references(bound)) - {parameter["Name"] for parameter in kept})
    if unknown:
        raise DefinitionError(
            f"The definition refers to parameters that it does not declare: {', '.join(unknown)}.",
            found=[f"declared: {', '.join(sorted(parameters)) or 'none'}"],
            next_command="edit the pipeline.py that renders it, then: make render",
        )
    bound["Parameters"] = [_with_default(parameter, defaults) for parameter in kept]
    metadata = {key: value for key, value in definition.get("Metadata", {}).items() if key not in RENDER_METADATA}
    if metadata:
        bound["Metadata"] = metadata
    return {key: bound[key] for key in sorted(bound)}


def definition_text(value: Any) -> str:
    """The one way a definition is written: sorted keys, two spaces, a final newline."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def parameter_references(value: Any) -> Iterator[str]:
    """Names of all pipeline parameters that are referred to anywhere in ``value``, in order, with repetitions."""
    name = _referred(value)
    if name is not None:
        yield name
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from parameter_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from parameter_references(item)


def scripts_run(definition: Any) -> list[str]:
    """Paths in the tree of the scripts that steps start out of the release's code, by their entry points; sorted."""
    found: set[str] = set()
    waiting = [definition.get("Steps", [])]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and value.startswith(JOB_CODE) and value.endswith(".py"):
            found.add(value.removeprefix(JOB_CODE))
    return sorted(found)


def _declared(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    declared: dict[str, dict[str, Any]] = {}
    for parameter in definition.get("Parameters", []):
        if parameter["Name"] in declared:
            raise DefinitionError(
                f"The definition declares the parameter {parameter['Name']} twice.",
                next_command="edit the pipeline.py that renders it, then: make render",
            )
        declared[parameter["Name"]] = dict(parameter)
    return declared


def _literals(parameters: Mapping[str, Mapping[str, Any]], infrastructure: Mapping[str, Any]) -> dict[str, Any]:
    literals = {name: infrastructure[name] for name in parameters if name in infrastructure}
    for name in sorted(INFRASTRUCTURE_PARAMETERS & parameters.keys() - literals.keys()):
        if "DefaultValue" not in parameters[name]:
            raise DefinitionError(
                f"The definition needs {name}, and the stage gives no value for it.",
                found=[f"values given: {', '.join(sorted(infrastructure)) or 'none'}"],
                next_command="set processing.image_uri in the stage's file, or let the pipeline give it a default"
                if name == "ProcessingImageUri"
                else f"give {name} a default in pipeline.py, then: make render",
            )
        literals[name] = parameters[name]["DefaultValue"]
    return literals


def _substitute(value: Any, literals: Mapping[str, Any]) -> Any:
    """``value`` with references replaced, or ``_DROPPED`` where nothing is left of it."""
    name = _referred(value)
    if name is not None and name in literals:
        return _DROPPED if _is_empty(literals[name]) else literals[name]
    if isinstance(value, Mapping):
        members = {key: _substitute(item, literals) for key, item in value.items()}
        if "Std:Join" in members:
            members["Std:Join"] = _joined_once(members["Std:Join"])
        left = {key: item for key, item in members.items() if item is not _DROPPED}
        return _DROPPED if members and not left else left
    if isinstance(value, list):
        items = [item for given in value for item in _spliced(given, literals)]
        return _DROPPED if value and not items else items
    return value


def _joined_once(join: Any) -> Any:
    """A bound prefix may end with the separator; joining would double it, and to S3 ``a//b`` is not ``a/b``."""
    if not isinstance(join, Mapping) or not isinstance(join.get("On"), str) or not isinstance(join.get("Values"), list):
        return join
    *values, last = join["Values"] or [None]
    if not join["On"]:
        return join
    trimmed = [value.removesuffix(join["On"]) if _is_url(value) else value for value in values]
    return {**join, "Values": [*trimmed, last] if join["Values"] else []}


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and "://" in value and not value.endswith("://")


def _spliced(item: Any, literals: Mapping[str, Any]) -> Sequence[Any]:
    """What stands in a list instead of ``item``: a bound list gives all its members."""
    bound = _substitute(item, literals)
    if bound is _DROPPED:
        return []
    if _referred(item) in literals and isinstance(bound, (list, tuple)):
        return [member for member in bound if not _is_empty(member)]
    return [bound]


def _with_default(parameter: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    name, kind = parameter["Name"], parameter.get("Type", "String")
    if name not in defaults or defaults[name] is None:
        return dict(parameter)
    value = defaults[name]
    if not _fits(value, kind):
        raise DefinitionError(
            f"The default of parameter {name} must be of type {kind}.",
            found=[f"{value!r}, of type {type(value).__name__}"],
            next_command="edit the stage's file in stages/",
        )
    return {**parameter, "DefaultValue": value}


def _fits(value: Any, kind: str) -> bool:
    if kind == "Boolean" or isinstance(value, bool):
        return kind == "Boolean" and isinstance(value, bool)
    if kind == "Integer":
        return isinstance(value, int)
    if kind == "Float":
        return isinstance(value, (int, float))
    return isinstance(value, str)


def _referred(value: Any) -> str | None:
    if isinstance(value, Mapping) and len(value) == 1:
        target = value.get("Get")
        if isinstance(target, str) and target.startswith(_REFERENCE):
            return target.removeprefix(_REFERENCE)
    return None


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, tuple)) and not value)
