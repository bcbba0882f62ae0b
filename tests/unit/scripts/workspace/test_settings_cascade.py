"""One pipeline's settings come from three places, the more particular winning; every wrong one is told where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.stage_settings import PIPELINE_SETTINGS, StageSettings
from scripts.errors import SettingsError, UsageError
from scripts.workspace.stage_files import load_stage

ACCOUNT = {
    "account": "200000000002",
    "dev_account": "200000000001",
    "region": "ap-southeast-2",
    "project": {"name": "orders", "id": "p-orders"},
}
CHURN = {
    "model_package_group": "churn",
    "processing": {"instance_type": "ml.m5.large"},
    "inference": {"instance_type": "ml.c5.xlarge", "instance_count": 2},
}


class Tree:
    """A clone's settings: pipelines with their settings.yml, and the stage preprod."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "stages").mkdir(parents=True)

    def pipeline(self, name: str, settings: dict[str, Any] | None = None) -> None:
        folder = self.root / "pipelines" / name
        folder.mkdir(parents=True)
        (folder / "pipeline.py").touch()
        if settings is not None:
            (folder / "settings.yml").write_text(yaml.safe_dump(settings))

    def load(self, stage: dict[str, Any], pipeline: str | None = None) -> StageSettings:
        (self.root / "stages" / "preprod.yml").write_text(yaml.safe_dump({**ACCOUNT, **stage}))
        return load_stage("preprod", self.root / "stages", {}, pipeline)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_pipelines_settings_hold_in_every_stage(tree: Tree) -> None:
    tree.pipeline("churn", {**CHURN, "schedule": "6 hours"})
    found = tree.load({})
    assert (found.pipeline, found.model_package_group, found.schedule) == ("churn", "churn", "6 hours")
    assert found.inference.instance_count == 2


def test_a_stage_file_wins_over_the_pipeline_and_its_override_over_both(tree: Tree) -> None:
    tree.pipeline("churn", {**CHURN, "schedule": "6 hours"})
    tree.pipeline("fraud", {**CHURN, "model_package_group": "fraud"})
    stage = {
        "schedule": "2 days",
        "pipelines": {"churn": {"inference": {"instance_type": "ml.m5.4xlarge"}, "schedule": "3 days"}},
    }
    churn, fraud = tree.load(stage, "churn"), tree.load(stage, "fraud")
    assert (churn.schedule, fraud.schedule) == ("3 days", "2 days")
    assert (churn.inference.instance_type, churn.inference.instance_count) == ("ml.m5.4xlarge", 2)
    assert fraud.inference.instance_type == "ml.c5.xlarge"
    assert (churn.model_package_group, fraud.model_package_group) == ("churn", "fraud")


def test_what_is_wrong_in_a_pipelines_settings_names_its_file_and_schema(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.pipeline("churn", {**CHURN, "schedule": "every day", "input_prefix": "../x"})
    monkeypatch.chdir(tree.root)
    (tree.root / "stages" / "preprod.yml").write_text(yaml.safe_dump(ACCOUNT))
    with pytest.raises(SettingsError, match="the settings have 2 problems") as refused:
        load_stage("preprod", environment={})
    assert all(each.startswith("pipelines/churn/settings.yml line ") for each in refused.value.found)
    assert refused.value.next_command == (
        "correct pipelines/churn/settings.yml; its schema is pipelines/settings.schema.json"
    )


def test_a_stage_that_names_a_pipeline_without_a_folder_is_told_so(tree: Tree) -> None:
    tree.pipeline("churn", CHURN)
    with pytest.raises(
        SettingsError, match=r'preprod.yml line \d+: there is no pipeline "chrun"; did you mean "churn"'
    ):
        tree.load({"pipeline": "chrun"})


def test_a_pipeline_whose_settings_are_gone_is_told_so_not_each_setting(tree: Tree) -> None:
    tree.pipeline("churn")
    with pytest.raises(SettingsError, match=r"pipelines/churn/settings.yml is not there") as refused:
        tree.load({"pipeline": "churn"})
    assert "git checkout -- " in str(refused.value.next_command)


def test_of_several_pipelines_one_must_be_named(tree: Tree) -> None:
    tree.pipeline("churn", CHURN)
    tree.pipeline("fraud", CHURN)
    with pytest.raises(UsageError) as refused:
        tree.load({})
    assert refused.value.next_command == "the same command with PIPELINE=churn"
    assert tree.load({"pipeline": "fraud"}).pipeline == "fraud"
    assert tree.load({"pipeline": "fraud"}, "churn").pipeline == "churn"


def test_an_unknown_pipeline_is_refused_with_those_there_are(tree: Tree) -> None:
    tree.pipeline("churn", CHURN)
    with pytest.raises(UsageError) as refused:
        tree.load({}, "chrun")
    assert "churn" in " ".join([refused.value.problem, *refused.value.found])


def test_an_override_of_a_pipeline_that_has_no_folder_is_refused(tree: Tree) -> None:
    tree.pipeline("churn", CHURN)
    with pytest.raises(SettingsError, match='there is no pipeline chrun; did you mean "churn"'):
        tree.load({"pipelines": {"chrun": {"schedule": "2 days"}}})


@pytest.mark.parametrize("name", sorted(StageSettings.model_fields.keys() - PIPELINE_SETTINGS))
def test_what_is_the_accounts_is_refused_in_a_pipelines_settings(tree: Tree, name: str) -> None:
    tree.pipeline("churn", {**CHURN, name: "x"})
    with pytest.raises(SettingsError, match=rf"settings.yml line \d+: {name} is the account's"):
        tree.load({})


def test_a_problem_is_told_in_the_file_that_brought_it_in(tree: Tree) -> None:
    tree.pipeline("churn", {**CHURN, "schedule": "every morning"})
    with pytest.raises(SettingsError, match=r"churn/settings.yml line \d+: schedule") as refused:
        tree.load({})
    assert "churn/settings.yml" in str(refused.value.next_command)
    with pytest.raises(SettingsError, match=r"preprod.yml line \d+: schedul is not a setting"):
        tree.load({"schedule": "1 day", "pipelines": {"churn": {"schedul": "1 day"}}})


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "schedule": st.sampled_from(["1 day", "2 days", "7 days"]),
                "inference": st.fixed_dictionaries(
                    {},
                    optional={
                        "instance_type": st.sampled_from(["ml.m5.large", "ml.c5.xlarge", "ml.m5.4xlarge"]),
                        "instance_count": st.integers(1, 9),
                    },
                ),
            },
        ),
        min_size=3,
        max_size=3,
    )
)
def test_each_value_is_that_of_the_most_particular_place(
    tmp_path_factory: pytest.TempPathFactory, places: list[dict[str, Any]]
) -> None:
    tree = Tree(tmp_path_factory.mktemp("tree"))
    own, stage, override = places
    lowest: dict[str, Any] = {**CHURN, "schedule": "9 hours"}
    tree.pipeline("churn", {**lowest, **own, "inference": {**lowest["inference"], **own.get("inference", {})}})
    found = tree.load({**stage, "pipelines": {"churn": override}})
    layers = [lowest, own, stage, override]
    for name in ("instance_type", "instance_count"):
        given_values = [layer["inference"][name] for layer in layers if name in layer.get("inference", {})]
        assert getattr(found.inference, name) == given_values[-1]
    assert found.schedule == [layer["schedule"] for layer in layers if "schedule" in layer][-1]
