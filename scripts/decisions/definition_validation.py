"""What SageMaker would refuse in a pipeline definition, found before anything is deployed.

The definition's own rules (names, references, retry policies, sizes) are here; what a step's arguments may be is asked
of AWS's service model, through a callable that comes in as an argument. Pure, and complete: all problems at once.
https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-quotas.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from scripts.decisions.definition_binding import definition_text
from scripts.decisions.definition_samples import EXECUTION_VARIABLES, references, sampled
from scripts.errors import DefinitionError

# (operation name, arguments) -> problems, one line each, each naming the member it is about
ArgumentCheck = Callable[[str, Mapping[str, Any]], Sequence[str]]

LONGEST_DEFINITION: Final = 1_048_576  # characters
MOST_PARAMETERS: Final = 200
MOST_ATTEMPTS: Final = 20
LONGEST_EXPIRY_MINUTES: Final = 14_400

PARAMETER_TYPES: Final = {"String": str, "Integer": int, "Float": (int, float), "Boolean": bool}
EXCEPTION_TYPES: Final = frozenset(
    {
        "Step.SERVICE_FAULT",
        "Step.THROTTLING",
        "SageMaker.JOB_INTERNAL_ERROR",
        "SageMaker.CAPACITY_ERROR",
        "SageMaker.RESOURCE_LIMIT",
    }
)

# The call that a step makes, and the member that names what it makes, which SageMaker fills in.
OPERATIONS: Final = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "Transform": ("CreateTransformJob", "TransformJobName"),
    "Training": ("CreateTrainingJob", "TrainingJobName"),
    "Tuning": ("CreateHyperParameterTuningJob", "HyperParameterTuningJobName"),
    "Model": ("CreateModel", "ModelName"),
    "AutoML": ("CreateAutoMLJobV2", "AutoMLJobName"),
    "RegisterModel": ("CreateModelPackage", ""),
}
OTHER_STEP_TYPES: Final = frozenset(
    {
        *("Condition", "Callback", "Lambda", "QualityCheck", "ClarifyCheck", "EMR", "EMRServerless", "Fail"),
        *("EndpointConfig", "Endpoint", "InferenceComponent", "Lineage", "Job", "Cleanup", "ForEach", "NotebookJob"),
    }
)

_STEP_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{0,255}")
_OUTPUT = re.compile(r"""ProcessingOutputConfig\.Outputs\[['"](?P<name>[^'"]*)['"]\]""")


def require_valid(definition: Mapping[str, Any], check_arguments: ArgumentCheck) -> None:
    """Raises DefinitionError that lists every problem."""
    problems = definition_problems(definition, check_arguments)
    if problems:
        raise DefinitionError(
            f"SageMaker would reject the pipeline definition ({len(problems)} problems)."
            if len(problems) > 1
            else "SageMaker would reject the pipeline definition.",
            found=problems,
            next_command="correct pipeline.py or the stage's file in stages/, then: make render",
        )


def definition_problems(definition: Mapping[str, Any], check_arguments: ArgumentCheck) -> list[str]:
    """Everything that SageMaker would refuse, one line each; empty for a definition that it takes."""
    parameters = _mappings(definition.get("Parameters", []))
    steps = list(all_steps(definition.get("Steps", [])))
    return [
        *_document_problems(definition),
        *_parameter_problems(parameters),
        *_step_problems(steps),
        *_reference_problems(steps, {str(parameter.get("Name")) for parameter in parameters}),
        *_argument_problems(
            steps, {str(parameter.get("Name")): parameter for parameter in parameters}, check_arguments
        ),
    ]


def all_steps(steps: Any) -> Iterator[Mapping[str, Any]]:
    """The steps, and those inside the branches of conditions."""
    for step in _mappings(steps):
        yield step
        if step.get("Type") == "Condition" and isinstance(step.get("Arguments"), Mapping):
            yield from all_steps(step["Arguments"].get("IfSteps", []))
            yield from all_steps(step["Arguments"].get("ElseSteps", []))


def _document_problems(definition: Mapping[str, Any]) -> Iterator[str]:
    length = len(definition_text(definition))
    if length > LONGEST_DEFINITION:
        yield f"the definition has {length} characters; at most {LONGEST_DEFINITION} are allowed"
    if definition.get("Version") != "2020-12-01":
        yield f'Version must be "2020-12-01", not {definition.get("Version")!r}'
    for name in ("Parameters", "Steps"):
        items = definition.get(name, [])
        if not isinstance(items, list) or len(_mappings(items)) != len(items):
            yield f"{name} must be a list of objects"
    if not definition.get("Steps"):
        yield "there are no Steps"


def _parameter_problems(parameters: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if len(parameters) > MOST_PARAMETERS:
        yield f"there are {len(parameters)} parameters; at most {MOST_PARAMETERS} are allowed"
    yield from _repeated("parameter", parameters)
    for parameter in parameters:
        name, kind = parameter.get("Name"), parameter.get("Type")
        if not isinstance(name, str) or not _PARAMETER_NAME.fullmatch(name):
            yield f"parameter {name!r}: its name may have only letters, digits, hyphens and underscores"
        if kind not in PARAMETER_TYPES:
            yield f"parameter {name}: Type {kind!r} is not one of {', '.join(PARAMETER_TYPES)}"
        elif "DefaultValue" in parameter and not _has_type(parameter["DefaultValue"], kind):
            yield f"parameter {name}: DefaultValue {parameter['DefaultValue']!r} is not of type {kind}"
        allowed = parameter.get("EnumValues")
        if isinstance(allowed, list) and "DefaultValue" in parameter and parameter["DefaultValue"] not in allowed:
            yield f"parameter {name}: DefaultValue {parameter['DefaultValue']!r} is not among its EnumValues"


def _step_problems(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _repeated("step", steps)
    for step in steps:
        name, kind = step.get("Name"), step.get("Type")
        if not isinstance(name, str) or not _STEP_NAME.fullmatch(name):
            yield f"step {name!r}: its name must have 1 to 64 letters, digits, hyphens and underscores"
        if kind not in OPERATIONS and kind not in OTHER_STEP_TYPES:
            yield f"step {name}: unknown Type {kind!r}"
        if kind in OPERATIONS and not isinstance(step.get("Arguments"), Mapping):
            yield f"step {name}: it has no Arguments"
        policies = step.get("RetryPolicies", [])
        for policy in _mappings(policies):
            yield from (f"step {name}: retry policy: {problem}" for problem in _retry_problems(policy))


def _retry_problems(policy: Mapping[str, Any]) -> Iterator[str]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html"""
    given = policy.get("ExceptionType")
    types = given if isinstance(given, list) else [given]
    for unknown in [kind for kind in types if kind not in EXCEPTION_TYPES]:
        yield f"unknown ExceptionType {unknown!r}"
    attempts, expiry = policy.get("MaxAttempts"), policy.get("ExpireAfterMin")
    if attempts is not None and expiry is not None:
        yield "MaxAttempts and ExpireAfterMin are both given; only one may be"
    if attempts is not None and not _within(attempts, 1, MOST_ATTEMPTS):
        yield f"MaxAttempts must be 1 to {MOST_ATTEMPTS}, not {attempts!r}"
    if expiry is not None and not _within(expiry, 1, LONGEST_EXPIRY_MINUTES):
        yield f"ExpireAfterMin must be 1 to {LONGEST_EXPIRY_MINUTES}, not {expiry!r}"
    if not _within(policy.get("IntervalSeconds", 1), 0, None):
        yield f"IntervalSeconds must be a number, 0 or more, not {policy.get('IntervalSeconds')!r}"
    if not _within(policy.get("BackoffRate", 2.0), 0, None):
        yield f"BackoffRate must be a number, 0 or more, not {policy.get('BackoffRate')!r}"


def _reference_problems(steps: Sequence[Mapping[str, Any]], parameters: set[str]) -> Iterator[str]:
    by_name = {str(step.get("Name")): step for step in steps}
    needs: dict[str, set[str]] = {}
    for name, step in by_name.items():
        own = {key: value for key, value in step.items() if key != "DependsOn"}
        if step.get("Type") == "Condition":
            arguments = step.get("Arguments")
            own = {"Conditions": arguments.get("Conditions")} if isinstance(arguments, Mapping) else {}
        targets = references(own)
        for target in targets:
            problem = _reference_problem(target, by_name, parameters)
            if problem:
                yield f"step {name}: {problem}"
        needed = {target.split(".")[1] for target in targets if target.startswith("Steps.")}
        for other in _depends_on(step):
            if other not in by_name:
                yield f"step {name}: DependsOn names a step that does not exist: {other}"
            needed.add(other)
        needs[name] = needed & by_name.keys()
    cycle = _cycle(needs)
    if cycle:
        yield f"steps wait for each other: {' -> '.join(cycle)}"


def _reference_problem(target: str, steps: Mapping[str, Mapping[str, Any]], parameters: set[str]) -> str | None:
    space, _, rest = target.partition(".")
    name = rest.split(".")[0]
    if space == "Parameters":
        return None if rest in parameters else f"refers to a parameter that does not exist: {rest}"
    if space == "Execution":
        return None if rest in EXECUTION_VARIABLES else f"refers to an unknown execution variable: {rest}"
    if space != "Steps":
        return f"refers to {target!r}, which is neither Parameters, Steps nor Execution"
    if name not in steps:
        return f"refers to a step that does not exist: {name}"
    output = _OUTPUT.search(rest)
    if output and output["name"] not in _output_names(steps[name]):
        return f"refers to an output that step {name} does not have: {output['name']}"
    return None


def _argument_problems(
    steps: Sequence[Mapping[str, Any]], parameters: Mapping[str, Mapping[str, Any]], check_arguments: ArgumentCheck
) -> Iterator[str]:
    for step in steps:
        kind, arguments = step.get("Type"), step.get("Arguments")
        if kind not in OPERATIONS or not isinstance(arguments, Mapping):
            continue
        operation, name_member = OPERATIONS[kind]
        request = sampled(arguments, parameters)
        if name_member:
            request.setdefault(name_member, "sample-name")
        for problem in check_arguments(operation, request):
            yield f"step {step.get('Name')}: {problem}"


def _output_names(step: Mapping[str, Any]) -> set[str]:
    config = step.get("Arguments", {}).get("ProcessingOutputConfig", {})
    return {str(output.get("OutputName")) for output in _mappings(config.get("Outputs", []))}


def _depends_on(step: Mapping[str, Any]) -> list[str]:
    """Names of the steps waited for; the SDK also writes ``{"Step": name, "Trigger": ...}``."""
    given = step.get("DependsOn") or []
    return [str(item.get("Step")) if isinstance(item, Mapping) else str(item) for item in given]


def _cycle(needs: Mapping[str, set[str]]) -> list[str] | None:
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for other in sorted(needs[name]):
            found = visit(other, [*path, name])
            if found:
                return found
        done.add(name)
        return None

    return next((found for name in sorted(needs) if (found := visit(name, []))), None)


def _repeated(what: str, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    counts = Counter(str(item.get("Name")) for item in items)
    return (f"{what} {name} is declared {count} times" for name, count in counts.items() if count > 1)


def _has_type(value: Any, kind: str) -> bool:
    expected: Any = PARAMETER_TYPES[kind]
    return isinstance(value, expected) and (kind == "Boolean" or not isinstance(value, bool))


def _within(value: Any, low: float, high: float | None) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and value >= low
        and (high is None or value <= high)
    )


def _mappings(items: Any) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
