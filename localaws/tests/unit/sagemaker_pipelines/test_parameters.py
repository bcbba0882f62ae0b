from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.pipelines.parameters import Parameter, ParameterError, bind_parameters, parameter_text

DECLARED = (
    Parameter("Name", "String"),
    Parameter("Count", "Integer", 1, (1, 2)),
    Parameter("Share", "Float", 0.5),
    Parameter("Quick", "Boolean", False),
)


def given_values(**texts: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": text} for name, text in texts.items()]


def test_defaults_stand_in_for_what_is_not_given() -> None:
    bound = bind_parameters(DECLARED, given_values(Name="x", Count="2", Quick="true"))
    assert bound == {"Name": "x", "Count": 2, "Share": 0.5, "Quick": True}


@pytest.mark.aws_rule(
    "A parameter's value has its type and is among its allowed values",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-parameters.html",
)
@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({}, "do not have default values"),
        ({"Name": "x", "Other": "1"}, "not defined"),
        ({"Name": "x", "Count": "two"}, "not of type Integer"),
        ({"Name": "x", "Count": "3"}, "not one of: 1, 2"),
        ({"Name": "x", "Count": "1_0"}, "not of type Integer"),
        ({"Name": "x", "Share": "nan"}, "not of type Float"),
        ({"Name": "x", "Quick": "yes"}, "not of type Boolean"),
        ({"Name": "x" * 1025}, "longer than 1024"),
    ],
)
def test_a_wrong_value_is_refused(texts: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        bind_parameters(DECLARED, given_values(**texts))


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(ParameterError, match="more than once"):
        bind_parameters(DECLARED, given_values(Name="x") * 2)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.text(max_size=100))
def test_a_shown_value_reads_back_as_itself(value: float | bool | str) -> None:
    kind = {int: "Integer", float: "Float", bool: "Boolean", str: "String"}[type(value)]
    text = parameter_text(value)
    assert bind_parameters((Parameter("P", kind),), given_values(P=text)) == {"P": value}
