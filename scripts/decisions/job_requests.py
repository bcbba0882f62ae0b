"""The requests that a definition's steps will send, as far as they are known before anything runs. Pure.

A parameter stands for its default, or for the value that a run chooses. What only a run knows (another step's output,
an execution variable) stands for itself and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scripts.decisions.definition_validation import all_steps

UNKNOWN: Final = object()
_REFERENCE = "Parameters."


@dataclass(frozen=True)
class JobRequest:
    """One step's request. ``kind`` is the step's type, Processing or Transform."""

    step: str
    kind: str
    arguments: Mapping[str, Any]
    retry_policies: tuple[Mapping[str, Any], ...] = ()
    conditional: bool = False  # in a branch of a condition: a run may pass it by

    @property
    def resources(self) -> Mapping[str, Any]:
        """InstanceType, InstanceCount, VolumeKmsKeyId and the like; empty where the step says nothing of them."""
        found = resources_of(self.kind, self.arguments)
        return found if isinstance(found, Mapping) else {}


def resources_of(kind: str, arguments: Mapping[str, Any]) -> Any:
    """The part of a step's arguments that says on which instances its job runs."""
    if kind == "Transform":
        return arguments.get("TransformResources")
    resources = arguments.get("ProcessingResources")
    return resources.get("ClusterConfig") if isinstance(resources, Mapping) else None


def job_requests(definition: Mapping[str, Any], chosen: Mapping[str, Any] | None = None) -> Iterator[JobRequest]:
    """The processing and transform steps; ``chosen`` are the values that a run gives parameters."""
    values = {
        each["Name"]: each["DefaultValue"]
        for each in definition.get("Parameters", [])
        if isinstance(each, Mapping) and "DefaultValue" in each
    }
    kinds = {each["Name"]: each.get("Type") for each in definition.get("Parameters", []) if isinstance(each, Mapping)}
    values |= {name: _typed(value, kinds.get(name)) for name, value in (chosen or {}).items()}
    steps = definition.get("Steps", [])
    certain = {each.get("Name") for each in steps if isinstance(each, Mapping)}
    for step in all_steps(steps):
        if step.get("Type") in ("Processing", "Transform") and isinstance(step.get("Arguments"), Mapping):
            policies = step.get("RetryPolicies")
            yield JobRequest(
                str(step.get("Name")),
                str(step["Type"]),
                known(step["Arguments"], values),
                tuple(policies) if isinstance(policies, Sequence) else (),
                conditional=step.get("Name") not in certain,
            )


def known(value: Any, values: Mapping[str, Any]) -> Any:
    """``value`` with parameters replaced, and UNKNOWN in place of every other expression."""
    if isinstance(value, Mapping):
        if len(value) == 1 and isinstance(value.get("Get"), str):
            target: str = value["Get"]
            return values.get(target.removeprefix(_REFERENCE), UNKNOWN) if target.startswith(_REFERENCE) else UNKNOWN
        if any(str(key).startswith("Std:") for key in value):
            return UNKNOWN
        return {key: known(item, values) for key, item in value.items()}
    return [known(item, values) for item in value] if isinstance(value, list) else value


def _typed(value: Any, kind: str | None) -> Any:
    """A run's values are text, whatever the parameter's type."""
    return int(value) if kind == "Integer" and isinstance(value, str) else value
