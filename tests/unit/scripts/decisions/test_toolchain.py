"""The parameters that bootstrap gives the toolchain."""

from __future__ import annotations

import pytest

from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.toolchain import ToolchainOptions, toolchain_parameters
from scripts.errors import SettingsError, UsageError
from tests.unit.scripts.releases import SETTINGS

NOTHING = ToolchainOptions()
CONNECTION = "arn:aws:codeconnections:eu-west-1:111111111111:connection/c"


def stages(**changed: str) -> dict[str, StageSettings]:
    preprod = SETTINGS.model_copy(update=changed)
    return {"preprod": preprod, "prod": preprod.model_copy(update={"account": "333333333333"})}


def test_accounts_and_names_come_from_the_stage_files_and_the_repository_is_called_like_the_project() -> None:
    parameters = toolchain_parameters(stages(), NOTHING, {})
    assert parameters["PreprodAccountId"] == "222222222222"
    assert parameters["ProdAccountId"] == "333333333333"
    assert parameters["SourceProvider"] == "CodeCommit"
    assert parameters["RepositoryName"] == parameters["SageMakerProjectName"] == "tumor-screening"
    assert parameters["BatchPipelineFolder"] == "batch-inference"


def test_what_is_not_given_again_keeps_its_value() -> None:
    current = {
        **toolchain_parameters(stages(), ToolchainOptions(branch="trunk", repository="ours"), {}),
        "CacheType": "S3",
    }
    again = toolchain_parameters(stages(), NOTHING, current)
    assert again == current


def test_a_stage_file_wins_over_what_the_stack_has() -> None:
    assert toolchain_parameters(stages(), NOTHING, {"ProdAccountId": "999999999999"})["ProdAccountId"] == "333333333333"


def test_github_needs_repository_and_connection() -> None:
    with pytest.raises(UsageError, match="GitHubRepository and ConnectionArn"):
        toolchain_parameters(stages(), ToolchainOptions(source="GitHub"), {})


def test_going_to_github_and_back_leaves_nothing_of_the_other_source() -> None:
    github = ToolchainOptions(source="GitHub", github_repository="a/b", connection_arn=CONNECTION)
    there = toolchain_parameters(stages(), github, toolchain_parameters(stages(), NOTHING, {}))
    assert there["RepositoryName"] == ""
    back = toolchain_parameters(stages(), ToolchainOptions(source="CodeCommit"), there)
    assert (back["ConnectionArn"], back["GitHubRepository"]) == ("", "")
    assert back["RepositoryName"] == "tumor-screening"


def test_stage_files_that_disagree_are_refused_with_what_they_say() -> None:
    different = stages()
    different["prod"] = stages(region="us-east-1")["prod"]
    with pytest.raises(SettingsError) as refused:
        toolchain_parameters(different, NOTHING, {})
    assert refused.value.found == ["region: eu-west-1, us-east-1"]


def test_a_missing_stage_is_named() -> None:
    with pytest.raises(SettingsError, match="missing: prod"):
        toolchain_parameters({"preprod": stages()["preprod"]}, NOTHING, {})
