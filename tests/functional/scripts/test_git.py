"""From which commit a release is made, and whether the tree had anything that the commit has not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.workspace.git import commit_of, commits_between, source_of


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "pipelines/berths").mkdir(parents=True)
    (tmp_path / "pipelines/berths/pipeline.py").write_text("x = 1\n")
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
    ["pipelines/churn/pipeline.py", "pipelines/berths/more.py", "stages/qa.yml", "cloudformation/x.yml"],
)
def test_a_new_file_of_the_release_is_no_clean_tree(clone: Path, name: str) -> None:
    (clone / name).parent.mkdir(exist_ok=True)
    (clone / name).write_text("new\n")
    assert source_of(clone).git_dirty is True


@pytest.mark.parametrize("name", ["notes.txt", "release.json", "build/x", "pipelines/berths/__pycache__/a.pyc"])
def test_what_is_no_part_of_a_release_or_ignored_leaves_it_clean(clone: Path, name: str) -> None:
    (clone / name).parent.mkdir(exist_ok=True)
    (clone / name).write_text("new\n")
    assert source_of(clone).git_dirty is False


def test_a_change_of_a_committed_file_is_no_clean_tree(clone: Path) -> None:
    (clone / "pipelines/berths/pipeline.py").write_text("x = 2\n")
    assert source_of(clone).git_dirty is True


def test_a_project_in_a_folder_of_a_repository_sees_its_own_new_files(clone: Path) -> None:
    (clone / "ml/pipelines/churn").mkdir(parents=True)
    assert source_of(clone / "ml").git_dirty is False
    (clone / "ml/pipelines/churn/pipeline.py").write_text("new\n")
    assert source_of(clone / "ml").git_dirty is True


def commit(clone: Path, message: str, author: str = "Ann") -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    told = [*who, "commit", "-q", "--allow-empty", "-m", message, f"--author={author} <a@example.com>"]
    subprocess.run(["git", *told], cwd=clone, check=True)
    return str(source_of(clone).git_commit)


def test_author_date_and_the_messages_first_line_are_recorded_as_they_are(clone: Path) -> None:
    commit(clone, "Score <b>faster</b> \U0001f680\n\nAnd a body.", "Ann O'Hara")
    source = source_of(clone)
    assert (source.git_author, source.git_message) == ("Ann O'Hara", "Score <b>faster</b> \U0001f680")
    assert source.git_committed_at is not None and source.git_committed_at.tzinfo is not None


def test_a_build_without_a_repository_records_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", "abcdef0")
    assert source_of(tmp_path).git_author is None
    monkeypatch.setenv("COMMIT_AUTHOR", "Ann")
    monkeypatch.setenv("COMMIT_MESSAGE", "Score faster")
    monkeypatch.setenv("COMMIT_DATE", "2026-01-02T03:04:05Z")
    source = source_of(tmp_path)
    assert (source.git_commit, source.git_author, source.git_message) == ("abcdef0", "Ann", "Score faster")
    assert source.git_committed_at and source.git_committed_at.isoformat() == "2026-01-02T03:04:05+00:00"
    monkeypatch.setenv("COMMIT_DATE", "yesterday")
    assert source_of(tmp_path).git_committed_at is None  # and the release is made all the same


def test_commits_are_counted_between_two_that_this_clone_has(clone: Path) -> None:
    live = str(source_of(clone).git_commit)
    commit(clone, "one")
    new = commit(clone, "two")
    assert commits_between(clone, live, new) == 2
    assert commits_between(clone, new, live) == 0
    assert commits_between(clone, "0" * 40, new) is None
    assert commits_between(clone, None, new) is None


@pytest.mark.parametrize("name", ["--output=stolen", "HEAD", "main", "", "../x"])
def test_only_a_commits_number_is_asked_for(clone: Path, name: str) -> None:
    assert commit_of(clone, name) is None
    assert commits_between(clone, name, name) is None
    assert not (clone / "stolen").exists()
