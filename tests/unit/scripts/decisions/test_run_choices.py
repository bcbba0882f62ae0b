"""A run chooses what the deployed pipeline declares, by values that it can take, and hears why not otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.run_choices import RunChoices, chosen_values
from scripts.errors import UsageError

DECLARED: list[dict[str, Any]] = [
    {"Name": "ModelName", "Type": "String"},
    {"Name": "InputDataUrl", "Type": "String", "DefaultValue": "s3://bucket/input/"},
    {"Name": "MaxRejectedFraction", "Type": "String", "DefaultValue": "0.05"},
    {"Name": "InferenceInstanceCount", "Type": "Integer", "DefaultValue": 1},
    {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.5},
    {"Name": "Explain", "Type": "Boolean", "DefaultValue": False},
    {"Name": "Mode", "Type": "String", "DefaultValue": "fast", "EnumValues": ["fast", "exact"]},
]
DATED = [*DECLARED, {"Name": "RunDate", "Type": "String", "DefaultValue": ""}]


def test_parameters_are_names_and_values_with_blanks_between() -> None:
    text = "MaxRejectedFraction=0.1 InferenceInstanceCount=3 Threshold=1e-3 Explain=true Mode=exact ModelName='a b=c'"
    assert chosen_values(RunChoices(text), DECLARED) == {
        "MaxRejectedFraction": "0.1",
        "InferenceInstanceCount": "3",
        "Threshold": "1e-3",
        "Explain": "true",
        "Mode": "exact",
        "ModelName": "a b=c",
    }


def test_input_and_date() -> None:
    dated = RunChoices(input="s3://bucket/day={date}/", date="2026-01-31")
    assert chosen_values(dated, DECLARED) == {"InputDataUrl": "s3://bucket/day=2026-01-31/"}
    assert chosen_values(RunChoices(date="2026-01-31"), DATED) == {"RunDate": "2026-01-31"}
    assert chosen_values(RunChoices("RunDate=today", date="2026-01-31"), DATED) == {"RunDate": "today"}


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (RunChoices("MaxRejectedFracton=0.1"), "did you mean MaxRejectedFraction"),
        (RunChoices("RoleArn=x"), "no parameter RoleArn"),
        (RunChoices("InferenceInstanceCount=two"), "not of type Integer"),
        (RunChoices("Threshold=nan"), "not of type Float"),
        (RunChoices("Explain=yes"), "not of type Boolean"),
        (RunChoices("Mode=slow"), "none of its values"),
        (RunChoices("Mode"), "is not Name=value"),
        (RunChoices("=x"), "is not Name=value"),
        (RunChoices("Mode=fast Mode=exact"), "given twice"),
        (RunChoices("Mode='fast"), "PARAMETERS"),
        (RunChoices(input="data/"), "not a prefix in S3"),
        (RunChoices(input="s3://bucket"), "not a prefix in S3"),
        (RunChoices(input="s3://bucket/{date}/"), "no date is given"),
        (RunChoices(date="31.01.2026"), "is not a date"),
        (RunChoices(date="2026-01-31"), "has no effect"),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_a_next_command(choices: RunChoices, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        chosen_values(choices, DECLARED)
    assert refused.value.next_command


@given(st.text(), st.text(), st.text())
def test_any_text_gives_declared_parameters_or_is_refused(parameters: str, url: str, when: str) -> None:
    try:
        values = chosen_values(RunChoices(parameters, url, when), DATED)
    except UsageError:
        return
    assert values.keys() <= {each["Name"] for each in DATED}
