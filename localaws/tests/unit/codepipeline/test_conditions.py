"""Entry conditions: what may be declared, and what a VariableCheck finds."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.codepipeline.conditions import check_rule, entry_problem, result_of, rules_of

NAMESPACES = {"Build": {"CHANGED": "false", "EMPTY": ""}}


def rule(
    operator: str = "EQ", value: str = "true", variable: str = "#{Build.CHANGED}", **members: Any
) -> dict[str, Any]:
    return {
        "name": "Changed",
        "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"},
        "configuration": {"Variable": variable, "Value": value, "Operator": operator},
        **members,
    }


def stage(*rules: dict[str, Any], result: str = "SKIP") -> dict[str, Any]:
    return {"name": "S", "beforeEntry": {"conditions": [{"result": result, "rules": list(rules)}]}}


@pytest.mark.aws_rule(
    "VariableCheck compares a variable by EQ, NE, CONTAINS or MATCHES",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-VariableCheck.html",
)
@pytest.mark.parametrize(
    ("operator", "value", "passed"),
    [
        ("EQ", "false", True),
        ("EQ", "true", False),
        ("NE", "true", True),
        ("NE", "false", False),
        ("CONTAINS", "als", True),
        ("CONTAINS", "rue", False),
        ("MATCHES", "f.*e", True),
        ("MATCHES", "als", False),  # the whole value, as Java's matches()
    ],
)
def test_a_variable_is_compared_with_the_value(operator: str, value: str, passed: bool) -> None:
    found = check_rule(rule(operator, value), NAMESPACES)
    assert (found.passed, found.error) == (passed, None)
    assert found.resolved["Variable"] == "false"
    assert "#{Build.CHANGED} is false" in found.summary


@pytest.mark.parametrize("bad", [rule(variable="#{Build.NEVER_SET}"), rule("MATCHES", "(")])
def test_what_cannot_be_evaluated_is_an_error_and_no_answer(bad: dict[str, Any]) -> None:
    found = check_rule(bad, NAMESPACES)
    assert found.error
    assert not found.passed


def test_a_stage_tells_its_rules_and_its_result() -> None:
    assert [each["name"] for each in rules_of(stage(rule()))] == ["Changed"]
    assert result_of(stage(rule(), result="FAIL")) == "FAIL"
    assert rules_of({"name": "S"}) == []


def test_a_sound_condition_passes() -> None:
    assert entry_problem(stage(rule()), first=False, type_v2=True) is None
    assert entry_problem({"name": "S"}, first=True, type_v2=False) is None


def of(provider: str) -> dict[str, Any]:
    return rule(ruleTypeId={"category": "Rule", "provider": provider})


@pytest.mark.aws_rule(
    "A stage is entered on conditions of rules; their result is FAIL or SKIP, in a pipeline of type V2, never for the "
    "source stage",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html",
)
@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (stage(of("LambdaInvoke")), "rule Changed is of LambdaInvoke"),
        (stage(of("CloudWatchAlarm"), result="FAIL"), "rule Changed is of CloudWatchAlarm"),
        (stage(rule(), result="ROLLBACK"), "must be FAIL or SKIP, not ROLLBACK"),
        (stage(), "exactly one condition"),
        (stage(rule(), rule()), "must be unique"),
        (stage(rule("GT")), "Operator must be one of EQ, NE, CONTAINS, MATCHES, not GT"),
        (stage(rule(value="")), "missing required configuration 'Value'"),
        (stage(rule(configuration={**rule()["configuration"], "Other": "x"})), "unknown configuration 'Other'"),
        (stage(rule(commands=["true"])), "does not take commands"),
    ],
)
def test_an_unsound_condition_is_refused_by_name(declared: dict[str, Any], words: str) -> None:
    assert words in (entry_problem(declared, first=False, type_v2=True) or "")


@pytest.mark.aws_rule(
    "A stage is entered on conditions of rules; their result is FAIL or SKIP, in a pipeline of type V2, never for the "
    "source stage",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html",
)
def test_conditions_need_a_pipeline_of_type_v2_and_a_stage_after_the_source() -> None:
    assert "V1" in (entry_problem(stage(rule()), first=False, type_v2=False) or "")
    assert "source stage" in (entry_problem(stage(rule()), first=True, type_v2=True) or "")
