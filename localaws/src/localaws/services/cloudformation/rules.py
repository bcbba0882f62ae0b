"""The Rules section: assertions about parameters, checked before anything is made. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.intrinsics import Scope, evaluate
from localaws.services.cloudformation.parameters import Parameter
from localaws.services.cloudformation.template import Template

_ARGUMENTS = {"Fn::Not": 1, "Fn::Equals": 2, "Fn::Contains": 2, "Fn::EachMemberEquals": 2, "Fn::EachMemberIn": 2}


def check_rules(template: Template, scope: Scope, parameters: Mapping[str, Parameter]) -> None:
    """Raise TemplateError with the AssertDescription of the first assertion that does not hold."""
    for name, rule in template.rules.items():
        judge = _Judge(template, scope, parameters)
        if not isinstance(rule, dict):
            raise TemplateError(f"Template format error: Rule {name} must be a map.")
        if "RuleCondition" in rule and not judge.holds(rule["RuleCondition"]):
            continue
        assertions = rule.get("Assertions")
        if not isinstance(assertions, list) or not assertions or any(not isinstance(each, dict) for each in assertions):
            raise TemplateError(f"Template format error: Rule {name} must have a list of Assertions.")
        for assertion in assertions:
            if not judge.holds(assertion.get("Assert")):
                described = assertion.get("AssertDescription", "the assertion does not hold")
                raise TemplateError(f"Template validation error: Rule {name} failed: {described}")


class _Judge:
    """Evaluates rule functions, which know lists of values besides the truth functions of conditions."""

    def __init__(self, template: Template, scope: Scope, parameters: Mapping[str, Parameter]) -> None:
        self._template = template
        self._scope = scope
        self._parameters = parameters

    def holds(self, value: Any) -> bool:  # noqa: PLR0911 (a table of functions)
        if not isinstance(value, dict) or len(value) != 1:
            raise TemplateError("Template format error: a rule must be made of one rule-specific intrinsic function.")
        ((name, argument),) = value.items()
        if not isinstance(argument, list):
            raise TemplateError(f"Template format error: {name} in Rules needs a list.")
        if len(argument) != _ARGUMENTS.get(name, len(argument)):
            raise TemplateError(f"Template format error: {name} in Rules needs a list of {_ARGUMENTS[name]}.")
        match name:
            case "Fn::And":
                return all(self.holds(each) for each in argument)
            case "Fn::Or":
                return any(self.holds(each) for each in argument)
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::Equals":
                return bool(self._value(argument[0]) == self._value(argument[1]))
            case "Fn::Contains":
                return self._value(argument[1]) in self._values(argument[0])
            case "Fn::EachMemberEquals":
                return all(each == self._value(argument[1]) for each in self._values(argument[0]))
            case "Fn::EachMemberIn":
                allowed = self._values(argument[1])
                return all(each in allowed for each in self._values(argument[0]))
        raise TemplateError(f"Template format error: {name} is not supported in the Rules section.")

    def _values(self, value: Any) -> list[str]:
        found = self._value(value)
        return found if isinstance(found, list) else [found]

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict) and len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Fn::RefAll":
                return [each for key in self._of_type(argument) for each in self._values({"Ref": key})]
            if name in ("Fn::ValueOf", "Fn::ValueOfAll"):
                raise TemplateError(f"{name} reads attributes of live resources, which localaws does not do in Rules.")
        if isinstance(value, list):
            return [self._value(each) for each in value]
        found = evaluate(value, self._scope)
        return found if isinstance(found, list | str) else str(found).lower() if isinstance(found, bool) else str(found)

    def _of_type(self, kind: str) -> list[str]:
        return [key for key in self._parameters if self._template.parameters[key]["Type"] in (kind, f"List<{kind}>")]
