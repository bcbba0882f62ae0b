"""From which commit a release is made, and whether the tree had anything that the commit has not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.workspace.git import source_of


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "pipelines/batch_inference").mkdir(parents=True)
    (tmp_path / "pipelines/batch_inference/pipeline.py").write_text("x = 1\n")
    (tmp_path / ".gitignore").write_text("__pycache__/\nbuild/\nrelease.json\n")
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for command in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "all")):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_clone_as_committed_is_clean(clone: Path) -> None:
    source = source_of(clone)
    assert source.git_commit
    assert source.git_dirty is False


@pytest.mark.parametrize(
    "name",
    ["pipelines/churn/pipeline.py", "pipelines/batch_inference/more.py", "stages/qa.yml", "cloudformation/x.yml"],
)
def test_a_new_file_of_the_release_is_no_clean_tree(clone: Path, name: str) -> None:
    (clone / name).parent.mkdir(exist_ok=True)
    (clone / name).write_text("new\n")
    assert source_of(clone).git_dirty is True


@pytest.mark.parametrize(
    "name", ["notes.txt", "release.json", "build/x", "pipelines/batch_inference/__pycache__/a.pyc"]
)
def test_what_is_no_part_of_a_release_or_ignored_leaves_it_clean(clone: Path, name: str) -> None:
    (clone / name).parent.mkdir(exist_ok=True)
    (clone / name).write_text("new\n")
    assert source_of(clone).git_dirty is False


def test_a_change_of_a_committed_file_is_no_clean_tree(clone: Path) -> None:
    (clone / "pipelines/batch_inference/pipeline.py").write_text("x = 2\n")
    assert source_of(clone).git_dirty is True


def test_a_project_in_a_folder_of_a_repository_sees_its_own_new_files(clone: Path) -> None:
    (clone / "ml/pipelines/churn").mkdir(parents=True)
    assert source_of(clone / "ml").git_dirty is False
    (clone / "ml/pipelines/churn/pipeline.py").write_text("new\n")
    assert source_of(clone / "ml").git_dirty is True
