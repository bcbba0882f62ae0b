"""The sample is deleted by one command, which loses nothing of a team's own and is finished after a kill."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.functional.clones import ROOT

SETTINGS = """\
model_package_group: {group}
processing: {{ instance_type: ml.m5.large }}
inference: {{ instance_type: ml.m5.large }}
"""
STAGE = """\
# the account of {stage}
account: "444455556666"
dev_account: "444455556666"
region: us-west-2
project:
  name: tumor-screening
  id: p-tumorscreening
pipeline: batch_inference # the sample's
pipelines:
  churn: {{ schedule: 3 days }}
  batch_inference:
    schedule: 2 days

    inference: {{ instance_count: 2 }} # many
  fraud:
    schedule: 4 days
tags: {{}}
"""


class Repository:
    def __init__(self, root: Path, *pipelines: str, group: str = "tumor-classifier") -> None:
        self.root = root
        for name in ("batch_inference", *pipelines):
            self.write(f"pipelines/{name}/pipeline.py", "")
            self.write(f"pipelines/{name}/settings.yml", SETTINGS.format(group=name if name in pipelines else group))
        self.write("examples/seed.py", "")
        for stage in ("preprod", "prod"):
            self.write(f"stages/{stage}.yml", STAGE.format(stage=stage))
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "all")

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True)

    def remove(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.verbs.remove_example", *arguments]
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def stage(self, name: str = "prod") -> dict[str, object]:
        return dict(yaml.safe_load((self.root / f"stages/{name}.yml").read_text()))


def test_folders_and_settings_of_the_sample_go_and_everything_else_stays(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "churn", "fraud")
    before = repository.stage()
    done = repository.remove()
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "examples").exists()
    assert not (tmp_path / "pipelines/batch_inference").exists()
    after = repository.stage()
    assert after.pop("pipelines") == {"churn": {"schedule": "3 days"}, "fraud": {"schedule": "4 days"}}
    assert after == {key: value for key, value in before.items() if key not in ("pipeline", "pipelines")}
    assert "batch_inference" not in (tmp_path / "stages/prod.yml").read_text()
    assert (tmp_path / "stages/prod.yml").read_text().startswith("# the account of prod\n")


def test_the_toolchains_file_says_no_more_of_the_sample_and_stays_valid(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "churn")
    own = "  batch_inference: { ApprovalTimeoutInMinutes: 60 }\n"
    repository.write("stages/toolchain.yml", f"codepipeline: {{}}\npipelines: # for one\n{own}#{own}")
    done = repository.remove()
    assert done.returncode == 0, done.stderr
    assert "stages/toolchain.yml edited" in done.stdout
    assert (tmp_path / "stages/toolchain.yml").read_text() == "codepipeline: {}\npipelines: {}\n"


def test_the_only_other_pipeline_becomes_the_one_that_verbs_take(tmp_path: Path) -> None:
    text = STAGE.replace("  fraud:\n    schedule: 4 days\n", "")
    repository = Repository(tmp_path, "churn")
    for stage in ("preprod", "prod"):
        repository.write(f"stages/{stage}.yml", text.format(stage=stage))
    assert repository.remove().returncode == 0
    assert repository.stage()["pipeline"] == "churn"


def test_the_project_is_renamed_where_asked_and_not_twice(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "churn")
    assert repository.remove("--project", "acme-scoring").returncode == 0
    assert repository.stage()["project"] == {"name": "acme-scoring", "id": "p-acmescoring"}
    again = repository.remove()
    assert again.returncode == 0
    assert "gone already" in again.stdout


def test_the_readme_says_no_more_of_the_sample_and_all_else(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "churn")
    begin, end = "<!-- the sample -->\n", "<!-- end of the sample -->\n"
    repository.write("README.md", f"a\n{begin}b\n\n{end}\nc\n{begin}d\n{end}e\n{begin}half\n")
    assert repository.remove("--force").returncode == 0
    assert (tmp_path / "README.md").read_text() == f"a\nc\ne\n{begin}half\n"


def test_what_was_begun_is_finished(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "churn")
    (tmp_path / "examples/seed.py").unlink()
    (tmp_path / "examples").rmdir()
    assert repository.remove().returncode == 0
    assert not (tmp_path / "pipelines/batch_inference").exists()


def test_uncommitted_work_in_it_is_not_lost(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "churn")
    repository.write("pipelines/batch_inference/mine.py", "x = 1")
    done = repository.remove()
    assert done.returncode == 2
    assert "uncommitted changes" in done.stderr
    assert (tmp_path / "examples/seed.py").exists()
    assert repository.remove("--force").returncode == 0


def test_a_sample_that_became_a_pipeline_of_ones_own_is_refused(tmp_path: Path) -> None:
    repository = Repository(tmp_path, group="lung-scans")
    done = repository.remove()
    assert done.returncode == 2
    assert "its model package group is lung-scans" in done.stderr
    assert (tmp_path / "pipelines/batch_inference/pipeline.py").exists()


@pytest.mark.parametrize("name", ["Acme", "acme_scoring", "a" * 25, "", "1a"])
def test_a_name_that_no_project_can_have_is_refused(tmp_path: Path, name: str) -> None:
    done = Repository(tmp_path, "churn").remove("--project", name)
    assert done.returncode == 2
    assert "cannot be a project's name" in done.stderr
    assert (tmp_path / "examples").exists()


def test_without_another_pipeline_it_says_how_to_begin_one(tmp_path: Path) -> None:
    done = Repository(tmp_path).remove()
    assert done.returncode == 0
    assert "make new PIPELINE=" in done.stdout
