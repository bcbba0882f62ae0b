"""Entry conditions of a pipeline stage: what may be declared, and whether an execution may enter. Pure.

One kind of rule is run, VariableCheck, which compares a variable with a value. Every other rule, and every condition
of another kind, is refused by name when it is declared.
https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-VariableCheck.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.services.codepipeline.variables import UnresolvedVariableError, substitute

VARIABLE_CHECK = "VariableCheck"
_RESULTS = ("FAIL", "SKIP")  # AWS's for an entry condition
_SETTINGS = ("Variable", "Value", "Operator")
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "EQ": lambda variable, value: variable == value,
    "NE": lambda variable, value: variable != value,
    "CONTAINS": lambda variable, value: value in variable,
    "MATCHES": lambda variable, value: re.fullmatch(value, variable) is not None,
}


@dataclass(frozen=True)
class Checked:
    """What a rule found. ``error`` is why it could not be evaluated; then nothing is known of ``passed``."""

    resolved: dict[str, str]
    passed: bool
    summary: str
    error: str | None = None


def rules_of(stage: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules of a stage's entry condition, in their order; none where it has no condition."""
    return [rule for condition in _conditions(stage) for rule in condition.get("rules", [])]


def result_of(stage: Mapping[str, Any]) -> str:
    """What happens where a rule does not pass: FAIL or SKIP."""
    return str(_conditions(stage)[0]["result"])


def entry_problem(stage: Mapping[str, Any], *, first: bool, type_v2: bool) -> str | None:
    """Why a stage's entry condition cannot be declared; None where it can, or where there is none."""
    if not stage.get("beforeEntry"):
        return None
    if not type_v2:
        return "Pipeline type V1 does not support conditions; use pipeline type V2"
    if first:
        return "localaws does not run conditions of the source stage"
    conditions = _conditions(stage)
    if len(conditions) != 1 or not conditions[0].get("rules"):
        return "beforeEntry must have exactly one condition, with one rule or more"
    return _condition_problem(conditions[0])


def _condition_problem(condition: Mapping[str, Any]) -> str | None:
    if condition.get("result") not in _RESULTS:
        return f"the result of an entry condition must be {' or '.join(_RESULTS)}, not {condition.get('result')}"
    names = [rule["name"] for rule in condition["rules"]]
    if len(set(names)) != len(names):
        return "the names of a condition's rules must be unique"
    return next((problem for rule in condition["rules"] if (problem := _rule_problem(rule))), None)


def check_rule(rule: Mapping[str, Any], namespaces: Mapping[str, Mapping[str, str]]) -> Checked:
    """Evaluate one VariableCheck with what earlier actions have set."""
    configuration = rule["configuration"]
    try:
        resolved = {name: substitute(text, namespaces) for name, text in configuration.items()}
        passed = _OPERATORS[resolved["Operator"]](resolved["Variable"], resolved["Value"])
    except (UnresolvedVariableError, re.error) as error:
        return Checked({}, passed=False, summary="", error=str(error))
    outcome = "holds" if passed else "does not hold"
    said = f"{configuration['Variable']} is {resolved['Variable']}"
    summary = f"{said}; {resolved['Operator']} {resolved['Value']} {outcome}"
    return Checked(resolved, passed, summary)


def _conditions(stage: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((stage.get("beforeEntry") or {}).get("conditions", []))


def _rule_problem(rule: Mapping[str, Any]) -> str | None:
    name, kind = rule["name"], rule["ruleTypeId"]
    if kind["provider"] != VARIABLE_CHECK or kind.get("owner", "AWS") != "AWS" or kind.get("version", "1") != "1":
        return f"localaws runs rules of VariableCheck version 1 alone: rule {name} is of {kind['provider']}"
    for member in ("commands", "inputArtifacts"):
        if rule.get(member):
            return f"rule {name} of VariableCheck does not take {member}"
    configuration = rule.get("configuration", {})
    missing = [key for key in _SETTINGS if not configuration.get(key)]
    if missing:
        return f"rule {name} is missing required configuration '{missing[0]}'"
    unknown = [key for key in configuration if key not in _SETTINGS]
    if unknown:
        return f"rule {name} contains unknown configuration '{unknown[0]}'"
    if configuration["Operator"] not in _OPERATORS:
        return f"rule {name}: Operator must be one of {', '.join(_OPERATORS)}, not {configuration['Operator']}"
    return None
