"""Binding a stage to the neutral definition."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.definition_binding import (
    INFRASTRUCTURE_PARAMETERS,
    bind_definition,
    definition_text,
    parameter_references,
)
from scripts.errors import DefinitionError

INFRASTRUCTURE: dict[str, Any] = {
    "RoleArn": "arn:aws:iam::550011223344:role/jobs",
    "KmsKeyId": "arn:aws:kms:ap-southeast-2:550011223344:key/1",
    "SubnetIds": ["subnet-0a", "subnet-0b"],
    "SecurityGroupIds": ["sg-0a"],
    "OutputDataUrl": "s3://bucket/predictions",
}


def ref(name: str) -> dict[str, str]:
    return {"Get": f"Parameters.{name}"}


def neutral(**arguments: Any) -> dict[str, Any]:
    """A definition with one step of these arguments, which declares whatever they refer to."""
    names = dict.fromkeys(parameter_references(arguments))
    return {
        "Version": "2020-12-01",
        "Metadata": {"SourceDigests": {}, "ContentDigest": "sha256:0", "SdkVersion": "3"},
        "Parameters": [{"Name": name, "Type": "String"} for name in names],
        "Steps": [{"Name": "Step", "Type": "Processing", "Arguments": arguments}],
    }


def bound_arguments(definition: dict[str, Any], infrastructure: dict[str, Any]) -> Any:
    return bind_definition(definition, infrastructure, {})["Steps"][0].get("Arguments")


def test_infrastructure_becomes_literal_and_leaves_the_parameters() -> None:
    bound = bind_definition(neutral(RoleArn=ref("RoleArn"), ModelName=ref("ModelName")), INFRASTRUCTURE, {})
    assert bound["Steps"][0]["Arguments"] == {"RoleArn": INFRASTRUCTURE["RoleArn"], "ModelName": ref("ModelName")}
    assert bound["Parameters"] == [{"Name": "ModelName", "Type": "String"}]


def test_what_a_run_may_choose_gets_the_default_of_the_stage() -> None:
    definition = neutral(ModelName=ref("ModelName"))
    bound = bind_definition(definition, {}, {"ModelName": "berths", "Unheard": 1})
    assert bound["Parameters"] == [{"DefaultValue": "berths", "Name": "ModelName", "Type": "String"}]


def test_a_bound_list_is_spliced_into_the_list_that_refers_to_it() -> None:
    definition = neutral(VpcConfig={"Subnets": ["subnet-fixed", ref("SubnetIds")]})
    assert bound_arguments(definition, INFRASTRUCTURE)["VpcConfig"]["Subnets"] == [
        "subnet-fixed",
        "subnet-0a",
        "subnet-0b",
    ]


def test_empty_members_of_a_bound_list_are_left_out() -> None:
    definition = neutral(Subnets=[ref("SubnetIds")])
    assert bound_arguments(definition, {"SubnetIds": ["subnet-0a", ""]})["Subnets"] == ["subnet-0a"]


@pytest.mark.parametrize("nothing", ["", [], None])
def test_what_the_stage_leaves_empty_is_dropped_with_what_becomes_empty_by_it(nothing: Any) -> None:
    definition = neutral(
        NetworkConfig={
            "EnableNetworkIsolation": True,
            "VpcConfig": {"Subnets": [ref("SubnetIds")], "SecurityGroupIds": [ref("SecurityGroupIds")]},
        },
        Untouched={},
    )
    empty = {"SubnetIds": nothing, "SecurityGroupIds": nothing}
    assert bound_arguments(definition, empty) == {"NetworkConfig": {"EnableNetworkIsolation": True}, "Untouched": {}}


def test_a_prefix_that_ends_with_a_slash_is_joined_with_one_slash() -> None:
    join = {"Std:Join": {"On": "/", "Values": [ref("OutputDataUrl"), {"Get": "Execution.PipelineExecutionId"}, "out"]}}
    bound = bound_arguments(neutral(Url=join), {"OutputDataUrl": "s3://bucket/predictions/"})
    assert bound["Url"]["Std:Join"]["Values"] == [
        "s3://bucket/predictions",
        {"Get": "Execution.PipelineExecutionId"},
        "out",
    ]


def test_transform_settings_that_the_stage_does_not_give_are_bound_to_the_pipeline_s_own_default() -> None:
    definition = neutral(BatchStrategy=ref("BatchStrategy"))
    definition["Parameters"][0]["DefaultValue"] = "MultiRecord"
    bound = bind_definition(definition, {}, {})
    assert bound["Steps"][0]["Arguments"] == {"BatchStrategy": "MultiRecord"}
    assert bound["Parameters"] == []


def test_infrastructure_without_value_or_default_is_an_error_that_names_it() -> None:
    with pytest.raises(DefinitionError, match="RoleArn"):
        bind_definition(neutral(RoleArn=ref("RoleArn")), {}, {})


def test_a_reference_to_a_parameter_that_nobody_declares_is_an_error_that_names_it() -> None:
    definition = neutral(ModelName=ref("ModelName"))
    definition["Parameters"] = []
    with pytest.raises(DefinitionError, match="ModelName"):
        bind_definition(definition, {"ModelName": "ignored, since undeclared"}, {})


def test_a_default_of_another_type_is_an_error() -> None:
    definition = neutral(Count=ref("Count"))
    definition["Parameters"][0]["Type"] = "Integer"
    for wrong in ("2", True, 2.5):
        with pytest.raises(DefinitionError, match="Count"):
            bind_definition(definition, {}, {"Count": wrong})


def test_a_parameter_declared_twice_is_an_error() -> None:
    definition = neutral(ModelName=ref("ModelName"))
    definition["Parameters"] *= 2
    with pytest.raises(DefinitionError, match="twice"):
        bind_definition(definition, {}, {})


def test_of_the_metadata_only_what_rendering_did_not_write_is_kept() -> None:
    definition = neutral(ModelName=ref("ModelName"))
    assert "Metadata" not in bind_definition(definition, {}, {})
    definition["Metadata"]["Owner"] = "harbour"
    assert bind_definition(definition, {}, {})["Metadata"] == {"Owner": "harbour"}


NAMES = st.sampled_from(["RoleArn", "KmsKeyId", "SubnetIds", "SecurityGroupIds", "OutputDataUrl", "ModelName", "Input"])
REFERENCES = NAMES.map(ref)
SCALARS = st.one_of(REFERENCES, st.text(max_size=5), st.integers(), st.booleans(), st.none())
ARGUMENTS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text("xyz", min_size=1, max_size=2), inner, max_size=3)
        ),
        max_leaves=12,
    ),
    max_size=5,
)
TEXTS = st.text("abc:/", max_size=6)
VALUES = st.fixed_dictionaries(
    {
        "RoleArn": TEXTS,
        "KmsKeyId": TEXTS,
        "OutputDataUrl": TEXTS,
        "SubnetIds": st.lists(TEXTS, max_size=2),
        "SecurityGroupIds": st.lists(TEXTS, max_size=2),
    }
)


@given(ARGUMENTS, VALUES)
def test_nothing_infrastructural_is_left_as_a_parameter(arguments: dict[str, Any], values: dict[str, Any]) -> None:
    bound = bind_definition(neutral(**{"Arguments": arguments}), values, {})
    assert not INFRASTRUCTURE_PARAMETERS & set(parameter_references(bound))
    assert not INFRASTRUCTURE_PARAMETERS & {parameter["Name"] for parameter in bound["Parameters"]}


@given(ARGUMENTS, VALUES)
def test_binding_twice_is_binding_once(arguments: dict[str, Any], values: dict[str, Any]) -> None:
    once = bind_definition(neutral(**{"Arguments": arguments}), values, {"ModelName": "m"})
    assert definition_text(bind_definition(once, values, {"ModelName": "m"})) == definition_text(once)


@given(ARGUMENTS, VALUES, st.randoms(use_true_random=False))
def test_the_order_in_which_values_come_does_not_matter(
    arguments: dict[str, Any], values: dict[str, Any], random: Any
) -> None:
    shuffled = list(values.items())
    random.shuffle(shuffled)
    definition = neutral(**{"Arguments": arguments})
    assert definition_text(bind_definition(definition, dict(shuffled), {})) == definition_text(
        bind_definition(definition, values, {})
    )


@given(ARGUMENTS, VALUES)
def test_the_neutral_definition_is_not_changed(arguments: dict[str, Any], values: dict[str, Any]) -> None:
    definition = neutral(**{"Arguments": arguments})
    before = copy.deepcopy(definition)
    bind_definition(definition, values, {"ModelName": "m"})
    assert definition == before
