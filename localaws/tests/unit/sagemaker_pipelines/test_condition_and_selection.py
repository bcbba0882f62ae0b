from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.pipelines.definition import parse_definition
from localaws.services.sagemaker.pipelines.selection import SelectionError, borrowed_steps
from localaws.services.sagemaker.pipelines.steps.condition import ConditionError, holds


def compare(kind: str, left: Any, right: Any) -> bool:
    return holds({"Type": kind, "LeftValue": left, "RightValue": right})


@given(st.integers(), st.integers())
def test_comparisons_are_those_of_numbers(left: int, right: int) -> None:
    assert compare("Equals", left, right) == (left == right)
    assert compare("GreaterThan", left, right) == (left > right)
    assert compare("GreaterThanOrEqualTo", left, right) == (left >= right)
    assert compare("LessThan", left, right) == (left < right)
    assert compare("LessThanOrEqualTo", left, right) == (left <= right)


def test_a_text_that_reads_as_a_number_is_compared_as_one() -> None:
    assert compare("GreaterThan", "10", 9)
    assert compare("LessThan", 9, "10.5")
    assert compare("Equals", "0.9", 0.9)
    assert not compare("Equals", "high", 1)


def test_conditions_combine() -> None:
    yes = {"Type": "Equals", "LeftValue": 1, "RightValue": 1}
    no = {"Type": "Not", "Expression": yes}
    assert holds({"Type": "Or", "Conditions": [no, yes]})
    assert not holds({"Type": "Or", "Conditions": [no, no]})
    assert holds({"Type": "In", "QueryValue": "b", "Values": ["a", "b"]})


@pytest.mark.parametrize(
    "condition", [{"Type": "Near"}, {"Type": "Equals"}, {"Type": "LessThan", "LeftValue": "a", "RightValue": 1}, 3]
)
def test_a_wrong_condition_is_an_error(condition: Any) -> None:
    with pytest.raises(ConditionError):
        holds(condition)


def chain() -> Any:
    def step(name: str, **members: Any) -> dict[str, Any]:
        return {"Name": name, "Type": "Processing", "Arguments": {}, **members}

    second = step("B", Arguments={"Environment": {"X": {"Get": "Steps.A.ProcessingJobArn"}}})
    steps = [step("A"), second, step("C", DependsOn=["B"]), step("D")]
    return parse_definition(json.dumps({"Version": "2020-12-01", "Steps": steps}))


SUCCEEDED = {"A": {"StepName": "A", "StepStatus": "Succeeded", "Properties": {}}}


def test_what_the_selected_steps_read_is_borrowed() -> None:
    (lent,) = borrowed_steps(chain(), ["B", "C"], SUCCEEDED, "arn:source")
    assert lent["StepName"] == "A"
    assert lent["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": "arn:source"}


@pytest.mark.aws_rule(
    "A selective execution borrows outputs of an earlier execution for steps that are not selected",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-selective-ex.html",
)
@pytest.mark.parametrize(
    ("selected", "source", "earlier", "message"),
    [
        (["X"], "arn:source", SUCCEEDED, "does not have: X"),
        (["C", "D"], "arn:source", SUCCEEDED, "apart"),
        (["B"], None, {}, "give SourcePipelineExecutionArn"),
        (["B"], "arn:source", {"A": {"StepStatus": "Failed"}}, "did not succeed"),
    ],
)
def test_a_selection_that_cannot_run_is_refused(
    selected: list[str], source: str | None, earlier: dict[str, Any], message: str
) -> None:
    with pytest.raises(SelectionError, match=message):
        borrowed_steps(chain(), selected, earlier, source)
