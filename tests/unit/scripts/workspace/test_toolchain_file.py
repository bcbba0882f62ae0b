"""``stages/toolchain.yml``: optional, no stage, and told exactly where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import SettingsError
from scripts.workspace.stage_files import stage_names
from scripts.workspace.toolchain_file import toolchain_settings


def write(root: Path, text: str) -> Path:
    (root / "stages").mkdir()
    (root / "pipelines/churn").mkdir(parents=True)
    (root / "pipelines/churn/pipeline.py").touch()
    (root / "stages/toolchain.yml").write_text(text)
    return root


def test_without_the_file_nothing_is_given(tmp_path: Path) -> None:
    assert toolchain_settings(tmp_path).toolchain == {}


def test_a_pipelines_own_parameters_win_over_those_of_all(tmp_path: Path) -> None:
    text = "codepipeline: {BranchName: main, ApprovalTimeoutInMinutes: 60}\npipelines: {churn: {BranchName: trunk}}\n"
    found = toolchain_settings(write(tmp_path, text))
    assert found.of_codepipeline("churn") == {"BranchName": "trunk", "ApprovalTimeoutInMinutes": 60}
    assert found.of_codepipeline("other") == {"BranchName": "main", "ApprovalTimeoutInMinutes": 60}


def test_the_file_is_no_stage(tmp_path: Path) -> None:
    root = write(tmp_path, "toolchain: {}\n")
    (root / "stages/preprod.yml").touch()
    assert stage_names(root / "stages") == ["preprod"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("toolchains: {}\n", "line 1: toolchains"),
        ("toolchain: {}\npipelines: {chrun: {BranchName: x}}\n", "line 2: there is no pipeline chrun"),
        ("toolchain: {BranchName: {a: b}}\n", "line 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        toolchain_settings(write(tmp_path, text))
    told = " ".join([refused.value.problem, *refused.value.found])
    assert problem in told
