"""Which replaced models may be deleted: never the live one, the one before it, or one that an execution uses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.former_models import FormerModels, former_models

ARN = "arn:aws:sagemaker:ap-southeast-2:550011223344:model/"
NAMES = ["Model-aB1", "Model-Cd2", "Model-eF3", "Model-gH4"]


def test_the_newest_former_model_stays_and_older_ones_go() -> None:
    left_behind = [ARN + name.lower() for name in NAMES[1:]]
    assert former_models(left_behind, NAMES, {}).deletable == ("Model-eF3", "Model-gH4")


def test_what_a_running_execution_was_given_stays_and_is_told() -> None:
    running = {"arn:execution/1": {"ModelName": "Model-gH4", "InputDataUrl": "s3://b/in/"}}
    found = former_models(NAMES[1:], NAMES, running)
    assert found == FormerModels(("Model-eF3",), {"Model-gH4": "arn:execution/1"})


def test_what_is_gone_already_is_not_deleted_again() -> None:
    assert former_models(NAMES[1:], NAMES[:2], {}).deletable == ()


def test_of_a_deleted_stack_all_of_them_go() -> None:
    assert former_models(NAMES, NAMES, {}, keep=0).deletable == tuple(NAMES)


@given(
    st.lists(st.sampled_from(NAMES), max_size=8),
    st.sets(st.sampled_from(NAMES)),
    st.dictionaries(st.text(max_size=3), st.fixed_dictionaries({"ModelName": st.sampled_from(NAMES)}), max_size=3),
)
def test_only_what_was_left_behind_is_there_and_unused_is_deleted(
    left_behind: list[str], present: set[str], running: dict[str, dict[str, str]]
) -> None:
    deletable = former_models(left_behind, sorted(present), running).deletable
    used = {given["ModelName"] for given in running.values()}
    assert set(deletable) <= set(left_behind) & present - used
    assert len(deletable) == len(set(deletable))
    there = [name for name in dict.fromkeys(left_behind) if name in present]
    assert not there or there[0] not in deletable
