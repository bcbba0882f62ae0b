from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.pipelines.expressions import (
    ExpressionError,
    Reference,
    references,
    resolve,
    select,
    select_json,
)


class Values:
    """A scope whose every value is known beforehand."""

    parameters: dict[str, Any] = {"Count": 2, "Name": "daily"}  # noqa: RUF012

    def parameter(self, name: str) -> Any:
        return self.parameters[name]

    def execution_variable(self, name: str) -> Any:
        return f"<{name}>"

    def step_property(self, step: str, path: str) -> Any:
        return f"{step}:{path}"

    def property_file(self, step: str, name: str) -> str:
        return '{"auc": {"value": 0.9}}'

    def s3_object(self, uri: str) -> str:
        return json.dumps({"uri": uri})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text().filter(lambda key: key[:4] not in ("Get", "Std:")), inner)
    ),
)


@given(PLAIN)
def test_what_holds_no_expression_stays_as_it_is(value: Any) -> None:
    assert resolve(value, Values()) == value
    assert list(references(value)) == []


@given(st.lists(st.text()), st.text())
def test_join_of_texts_is_pythons_join(values: list[str], on: str) -> None:
    assert resolve({"Std:Join": {"On": on, "Values": values}}, Values()) == on.join(values)


@pytest.mark.aws_rule(
    "Get, Std:Join and JsonGet are resolved by parameters, execution variables and steps' properties",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-properties.html",
)
@given(st.lists(st.sampled_from(["Parameters.Name", "Execution.PipelineName", "Steps.A.Outcome"])))
def test_each_reference_is_found_and_resolved(names: list[str]) -> None:
    value = {"deep": [{"at": {"Get": name}} for name in names]}
    assert len(list(references(value))) == len(names)
    assert "Get" not in json.dumps(resolve(value, Values()))


def test_a_parameter_keeps_its_type_and_a_join_makes_text_of_it() -> None:
    count = {"Get": "Parameters.Count"}
    joined = {"Std:Join": {"On": "/", "Values": ["s3://bucket", {"Get": "Execution.PipelineExecutionId"}, count]}}
    assert resolve([count, joined], Values()) == [2, "s3://bucket/<PipelineExecutionId>/2"]


def test_a_step_reference_keeps_its_path() -> None:
    found = list(references({"Get": "Steps.Prep.ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri"}))
    assert found == [Reference("Steps", "Prep", "ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri")]


def test_a_property_file_is_read_by_path() -> None:
    source = {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.report"}, "Path": "auc.value"}
    assert resolve({"Std:JsonGet": source}, Values()) == 0.9


def test_an_object_in_s3_is_read_by_path() -> None:
    uri = {"Std:Join": {"On": "/", "Values": ["s3://b", "k"]}}
    assert resolve({"Std:JsonGet": {"S3Uri": uri, "Path": "$.uri"}}, Values()) == "s3://b/k"


@pytest.mark.parametrize(
    "expression",
    [
        {"Get": "Nowhere.X"},
        {"Get": "Execution.Unknown"},
        {"Get": "Steps.OnlyAName"},
        {"Get": 3},
        {"Std:Join": {"On": ","}},
        {"Std:Split": {}},
        {"Std:JsonGet": {"Path": "a"}},
        {"Std:JsonGet": {"PropertyFile": {"Get": "Parameters.X"}, "Path": "a"}},
    ],
)
def test_a_malformed_expression_is_an_error(expression: Any) -> None:
    with pytest.raises(ExpressionError):
        list(references(expression))


def test_a_named_entry_of_a_list_is_found_by_its_name() -> None:
    outputs = {"Outputs": [{"OutputName": "a", "S3Output": {"S3Uri": "x"}}, {"OutputName": "b"}]}
    assert select(outputs, "Outputs['a'].S3Output.S3Uri") == "x"
    assert select(outputs, "Outputs[1].OutputName") == "b"
    with pytest.raises(ExpressionError):
        select(outputs, "Outputs['c']")


def test_a_json_path_may_be_a_query_that_finds_one_value() -> None:
    text = '{"metrics": [{"name": "auc", "v": 1}, {"name": "f1", "v": 2}]}'
    assert select_json(text, "$.metrics[?@.name == 'f1'].v") == 2
    with pytest.raises(ExpressionError, match="finds 2 values"):
        select_json(text, "$.metrics[*].v")
    with pytest.raises(ExpressionError, match="not JSON"):
        select_json("{", "a")
