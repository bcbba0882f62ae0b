"""What a stack's parameters become: what nobody tells stays, for each parameter of each template in turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.decisions.foundation import decided_names, foundation_stack_parameters
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.template_parameters import (
    LIST,
    NUMBER,
    Declared,
    TemplateParameter,
    checked,
    effective,
    stack_parameters,
    text_of,
)
from scripts.decisions.toolchain import (
    OF_PIPELINES,
    OF_STAGE_FILES,
    SharedValues,
    codepipeline_parameters,
    decided_for_codepipeline,
    decided_for_toolchain,
    toolchain_parameters,
)
from scripts.errors import SettingsError
from scripts.workspace.template_files import template_parameters
from tests.unit.scripts.releases import NAMES, SETTINGS

TEMPLATES = Path(__file__).parents[4] / "cloudformation"
FOUNDATION = template_parameters(TEMPLATES / "foundation.yml")
TOOLCHAIN = template_parameters(TEMPLATES / "toolchain.yml")
CODEPIPELINE = template_parameters(TEMPLATES / "codepipeline.yml")
STAGES: dict[str, StageSettings] = {
    "preprod": SETTINGS,
    "prod": SETTINGS.model_copy(update={"account": "660011223344"}),
}
# Where the source is, is one thing of four parameters: changed in one alone it is no source (see test_toolchain).
SOURCE = {"SourceProvider", "GitHubRepository", "ConnectionArn"}
DECIDED = {
    "foundation": set(foundation_stack_parameters(NAMES, SETTINGS)),
    "toolchain": set(decided_for_toolchain(STAGES)) | SOURCE,
    "codepipeline": set(decided_for_codepipeline(STAGES)) | SOURCE,
}
CASES = [
    (template, name)
    for template, declared in (("foundation", FOUNDATION), ("toolchain", TOOLCHAIN), ("codepipeline", CODEPIPELINE))
    for name in declared
    if name not in DECIDED[template]
]


def other_values(parameter: TemplateParameter) -> st.SearchStrategy[str]:
    """Values that the template allows and that are not the default."""
    if parameter.values:
        values: st.SearchStrategy[str] = st.sampled_from(parameter.values)
    elif parameter.type == NUMBER:
        numbers = st.integers(int(parameter.smallest or 0), int(parameter.largest or 10_000))
        values = numbers.map(str)
    else:
        values = st.from_regex(parameter.pattern or r"[a-z]+", fullmatch=True).filter(
            lambda text: parameter.problem(text) is None
        )
    return values.filter(lambda text: text not in ("", parameter.default))


def first_deployment() -> dict[str, dict[str, str]]:
    """The parameters of each stack as bootstrap makes it, by template."""
    foundation = stack_parameters(FOUNDATION, foundation_stack_parameters(NAMES, SETTINGS), {}, {})
    toolchain = toolchain_parameters(STAGES, {}, {}, TOOLCHAIN)
    shared = SharedValues.of(toolchain, TOOLCHAIN, {})
    codepipeline = codepipeline_parameters(STAGES, shared, {}, {}, CODEPIPELINE)
    return {
        "foundation": effective(foundation, FOUNDATION, {}),
        "toolchain": effective(toolchain, TOOLCHAIN, {}),
        "codepipeline": effective(codepipeline, CODEPIPELINE, {}),
    }


def deployed_again(current: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    foundation = stack_parameters(FOUNDATION, foundation_stack_parameters(NAMES, SETTINGS), {}, current["foundation"])
    toolchain = toolchain_parameters(STAGES, {}, current["toolchain"], TOOLCHAIN)
    shared = SharedValues.of(toolchain, TOOLCHAIN, current["toolchain"])
    codepipeline = codepipeline_parameters(STAGES, shared, {}, current["codepipeline"], CODEPIPELINE)
    return {
        "foundation": effective(foundation, FOUNDATION, current["foundation"]),
        "toolchain": effective(toolchain, TOOLCHAIN, current["toolchain"]),
        "codepipeline": effective(codepipeline, CODEPIPELINE, current["codepipeline"]),
    }


DECLARED: dict[str, Declared] = {"foundation": FOUNDATION, "toolchain": TOOLCHAIN, "codepipeline": CODEPIPELINE}


@pytest.mark.parametrize(("template", "name"), CASES)
@settings(max_examples=5)
@given(data=st.data())
def test_a_parameter_that_somebody_set_by_hand_is_kept(template: str, name: str, data: st.DataObject) -> None:
    by_hand = data.draw(other_values(DECLARED[template][name]))
    current = first_deployment()
    current[template][name] = by_hand
    again = deployed_again(current)
    assert again[template] == current[template]


@pytest.mark.parametrize(("email", "expected"), [(None, "night@example.com"), ("day@example.com", "day@example.com")])
def test_a_foundations_address_is_changed_by_a_stage_that_names_one(email: str | None, expected: str) -> None:
    stage = SETTINGS.model_copy(update={"alarms": SETTINGS.alarms.model_copy(update={"email": email})})
    current = first_deployment()["foundation"] | {"NotificationEmail": "night@example.com"}
    sent = stack_parameters(FOUNDATION, foundation_stack_parameters(NAMES, stage), {}, current)
    assert effective(sent, FOUNDATION, current)["NotificationEmail"] == expected


def test_every_parameter_can_be_given_or_is_decided_by_a_setting() -> None:
    for template, declared in DECLARED.items():
        assert DECIDED[template] <= declared.keys()
        for name in declared.keys() - DECIDED[template]:
            assert checked({name: text_of(declared[name].default)}, declared, frozenset(), "x") is not None


def test_the_names_that_schemas_leave_out_are_those_that_are_decided() -> None:
    assert decided_names() == set(foundation_stack_parameters(NAMES, SETTINGS))
    assert set(decided_for_toolchain(STAGES)) == OF_STAGE_FILES
    assert set(decided_for_codepipeline(STAGES)) == OF_PIPELINES


def test_what_is_given_wins_over_the_stack_and_what_is_decided_over_both() -> None:
    declared = {name: TemplateParameter(name, "String", default="d") for name in ("A", "B", "C", "D")}
    current = {"A": "1", "B": "1", "C": "1", "Gone": "1"}
    told = stack_parameters(declared, {"A": "3"}, {"A": "2", "B": "2"}, current)
    assert told == {"A": "3", "B": "2", "C": None}
    assert effective(told, declared, current) == {"A": "3", "B": "2", "C": "1", "D": "d"}


def test_a_parameter_without_a_default_that_nobody_gives_is_named() -> None:
    with pytest.raises(SettingsError, match="needs A"):
        stack_parameters({"A": TemplateParameter("A", "String")}, {}, {}, {})


@pytest.mark.parametrize(
    ("given_value", "problem"),
    [
        ({"LogRetentionInDays": 8}, '"8" is none of 7, 14'),
        ({"NoncurrentVersionDays": 0}, "0 is less than 1"),
        ({"NoncurrentVersionDays": "many"}, '"many" is no number'),
        ({"PermissionsBoundaryArn": "boundary"}, "is not the ARN of a managed IAM policy"),
        ({"PermissionBoundaryArn": ""}, "did you mean PermissionsBoundaryArn"),
        ({"DevAccountId": "1"}, "bootstrap takes it from the other settings"),
    ],
)
def test_what_cloudformation_would_refuse_is_refused_before_anything_is_sent(
    given_value: dict[str, str | int], problem: str
) -> None:
    decided = foundation_stack_parameters(NAMES, SETTINGS)
    with pytest.raises(SettingsError) as refused:
        checked(dict(given_value), FOUNDATION, decided, "stages/x.yml")
    assert problem in refused.value.problem


def test_a_list_is_judged_by_its_parts_and_sent_as_text() -> None:
    parameter = TemplateParameter("A", LIST, pattern="[a-z]+", constraint="lower case")
    assert checked({"A": ["a", "b"]}, {"A": parameter}, frozenset(), "x") == {"A": "a,b"}
    assert parameter.problem("a,B") == '"B" is not lower case'


def test_a_schema_for_editors_says_what_the_template_allows() -> None:
    assert FOUNDATION["NoncurrentVersionDays"].schema() | {"description": ""} == {
        "description": "",
        "type": "number",
        "minimum": 1,
        "maximum": 3650,
        "default": 90,
    }
    assert 30 in FOUNDATION["LogRetentionInDays"].schema()["enum"]
