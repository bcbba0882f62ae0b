"""A key that SageMaker would refuse is left out of the step that it belongs to, and no other; and that is said."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.job_limits import definition_limits
from scripts.decisions.volume_keys import keyless_steps, unknown_types, without_refused_keys

TYPES = [
    "ml.m5.large",
    "ml.g5.xlarge",
    "ml.r5d.large",
    "ml.trn1.2xlarge",
    "ml.c6i.large",
    "ml.m5d.large",
    "ml.p3.2xlarge",
]


def step(name: str, kind: str, instance_type: Any, key: str | None = "key") -> dict[str, Any]:
    resources = {"InstanceType": instance_type, "InstanceCount": 1} | ({"VolumeKmsKeyId": key} if key else {})
    arguments = (
        {"TransformResources": resources}
        if kind == "Transform"
        else {
            "ProcessingResources": {"ClusterConfig": resources},
            "ProcessingOutputConfig": {"KmsKeyId": key},
        }
    )
    return {"Name": name, "Type": kind, "Arguments": arguments}


def definition(*steps: dict[str, Any], **defaults: str) -> dict[str, Any]:
    parameters = [{"Name": name, "Type": "String", "DefaultValue": value} for name, value in defaults.items()]
    return {"Version": "2020-12-01", "Parameters": parameters, "Steps": list(steps)}


@pytest.mark.aws_rule(
    "A VolumeKmsKeyId cannot be requested with an instance type that has local storage",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html",
)
@given(
    st.lists(st.tuples(st.sampled_from(["Transform", "Processing"]), st.sampled_from(TYPES)), min_size=1, max_size=5)
)
def test_no_step_keeps_a_key_that_is_refused_and_every_other_keeps_its_own(steps: list[tuple[str, str]]) -> None:
    given_ = definition(*(step(f"S{number}", kind, name) for number, (kind, name) in enumerate(steps)))
    before = copy.deepcopy(given_)
    left, notes = without_refused_keys(given_)
    assert given_ == before
    assert [each for each in definition_limits(left) if each.refused] == []
    refused = [each.step for each in definition_limits(given_)]
    assert [note.split(":")[0] for note in notes] == [f"step {name}" for name in refused]
    assert str(left).count("VolumeKmsKeyId") == len(steps) - len(refused)
    assert str(left).count("'KmsKeyId'") == str(given_).count("'KmsKeyId'")


def test_the_type_may_be_a_parameters_default_and_the_step_in_a_branch() -> None:
    inner = step("Score", "Transform", {"Get": "Parameters.Type"})
    condition = {
        "Name": "If",
        "Type": "Condition",
        "Arguments": {"Conditions": [], "IfSteps": [inner], "ElseSteps": []},
    }
    left, notes = without_refused_keys(definition(condition, Type="ml.g4dn.xlarge"))
    assert left["Steps"][0]["Arguments"]["IfSteps"][0]["Arguments"]["TransformResources"] == {
        "InstanceType": {"Get": "Parameters.Type"},
        "InstanceCount": 1,
    }
    assert "ml.g4dn.xlarge has local storage" in notes[0]


def test_of_a_type_that_the_table_does_not_know_ec2_decides() -> None:
    given_ = definition(step("Score", "Transform", "ml.x99.large"), step("Clean", "Processing", "ml.m5.large"))
    assert unknown_types(given_) == ["ml.x99.large"]
    assert without_refused_keys(given_, {"ml.x99.large": True})[1]
    assert without_refused_keys(given_, {}) == (given_, ())


def test_a_deployed_definition_tells_its_keyless_steps() -> None:
    given_ = definition(
        step("Score", "Transform", "ml.g5.xlarge", None), step("Clean", "Processing", "ml.m5.large", None)
    )
    (note,) = keyless_steps(given_)
    assert note.startswith("step Score: no key for its volume")
