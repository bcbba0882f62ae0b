"""``render`` as a process, in a small repository whose pipeline is a plain dict: no SageMaker SDK anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PIPELINE = """
def get_pipeline():
    return {"Version": "2020-12-01", "Parameters": [], "Steps": [{"Name": "A", "Type": "Fail", "Arguments": {}}]}

def get_stock_images():
    return {"Processing": {"Framework": "sklearn", "Version": "1.9-0"}}
"""


class Repository:
    """A clone with one pipeline; ``render`` is run in it as a user does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pipeline = root / "pipelines/plain/pipeline.py"
        self.definition = root / "pipelines/plain/definition.json"
        for name in ("__init__.py", "get_pipeline_definition.py"):
            (root / "pipelines/plain").mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "pipelines" / name, root / "pipelines" / name)
        self.pipeline.write_text(PIPELINE)
        self.stage = root / "stages/preprod.yml"
        self.stage.parent.mkdir()
        self.stage.write_text("region: ap-southeast-2\n")

    def render(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scripts.verbs.render", *arguments],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def rendered(repository: Repository) -> Repository:
    assert repository.render().returncode == 0
    return repository


def test_a_second_pipeline_is_a_second_folder_and_renders_without_the_sdk(repository: Repository) -> None:
    result = repository.render("--output", "json")
    assert result.returncode == 0, result.stderr
    assert [each["state"] for each in json.loads(result.stdout)["definitions"]] == ["rendered"]
    metadata = json.loads(repository.definition.read_text())["Metadata"]
    assert metadata["StockImages"] == {"Processing": {"Framework": "sklearn", "Version": "1.9-0"}}
    assert not (repository.root / ".venv-render").exists()


def test_there_is_nothing_to_do_while_it_is_fresh(rendered: Repository) -> None:
    before = rendered.definition.stat().st_mtime_ns
    assert rendered.render().stdout == "pipelines/plain/definition.json: fresh\n"
    assert rendered.render("--check").returncode == 0
    assert rendered.definition.stat().st_mtime_ns == before


def test_check_fails_on_a_stale_definition_and_names_the_command(rendered: Repository) -> None:
    source = rendered.root / "pipelines/plain/pipeline.py"
    source.write_text(f"{source.read_text()}\n# changed\n")
    checked = rendered.render("--check")
    assert checked.returncode == 10
    assert "pipelines/plain/pipeline.py changed since it was rendered" in checked.stderr
    assert "next:  make render" in checked.stderr
    assert rendered.render().returncode == 0
    assert rendered.render("--check").returncode == 0


def test_check_fails_on_a_definition_edited_by_hand_and_rendering_mends_it(rendered: Repository) -> None:
    good = rendered.definition.read_text()
    rendered.definition.write_text(good.replace('"A"', '"B"'))
    checked = rendered.render("--check")
    assert checked.returncode == 10
    assert "edited by hand" in checked.stderr
    assert rendered.render().returncode == 0
    assert rendered.definition.read_text() == good


def test_a_pipeline_that_raises_shows_its_last_lines_and_leaves_the_definition_alone(rendered: Repository) -> None:
    before = rendered.definition.read_text()
    rendered.pipeline.write_text("def get_pipeline():\n    raise KeyError('no such step')\n")
    result = rendered.render()
    assert result.returncode == 10
    assert "KeyError: 'no such step'" in result.stderr
    assert rendered.definition.read_text() == before


def test_an_unknown_pipeline_is_answered_with_those_there_are(repository: Repository) -> None:
    result = repository.render("--pipeline", "plane")
    assert result.returncode == 2
    assert 'did you mean "plain"?' in result.stderr


def test_an_interpreter_that_cannot_be_run_is_named(repository: Repository) -> None:
    result = repository.render(RENDER_PYTHON="/nowhere/python")
    assert result.returncode == 10
    assert "/nowhere/python" in result.stderr


@pytest.mark.parametrize("region", ["mx-central-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1"])
def test_a_stage_moves_to_another_region_without_rendering(rendered: Repository, region: str) -> None:
    before = rendered.definition.read_bytes()
    rendered.stage.write_text(f"region: {region}\n")
    checked = rendered.render("--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert rendered.render("--force").returncode == 0
    assert rendered.definition.read_bytes() == before
