"""``make new`` writes a whole pipeline out of a team's own data, or nothing; it passes what a release runs."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars
import pytest
import yaml

from scripts.workspace.record_schemas import read_schema
from tests.functional.clones import ROOT

ROWS = {
    "customer_id": ["C1", "C2", "C3", "C4", "C5", "C6"],
    "tenure": [1, 2, 3, 4, 5, 6],
    "plan": ["basic", "plus", "basic", "plus", "basic", "plus"],
    "monthly charge": [1.5, None, 2.25, 9.0, 7.0, 8.0],
    "active": [True, False, True, True, False, True],
    "balance": [-1.0, 2.0, 3.0, -4.0, 0.0, 1.0],
    "churned": [0, 1, 0, 1, 0, 1],
}
# Stands for the interpreter that has the SageMaker SDK: rendering itself is tested in tests/render.
RENDERER = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -f ] && file="$2"; shift; done
echo '{"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": [{"Name": "A"}]}' > "$file"
"""


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("pipelines/tabular", "scripts", "tests/unit/pipelines"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (*(ROOT / "pipelines").glob("*.py"), ROOT / "pyproject.toml"):
            shutil.copy(path, root / path.relative_to(ROOT))
        (root / "stages").mkdir()
        (root / "stages/preprod.yml").write_text(
            'account: "444455556666"\ndev_account: "444455556666"\nregion: us-west-2\n'
            "project: { name: acme, id: p-acme }\n"
        )
        self.renderer = root / "renderer"
        self.renderer.write_text(RENDERER)
        self.renderer.chmod(0o755)

    def sample(self, name: str, rows: dict[str, Any] | None = None) -> str:
        frame = polars.DataFrame(rows or ROWS)
        path = self.root / name
        if path.suffix == ".parquet":
            frame.write_parquet(path)
        else:
            frame.write_csv(path)
        return name

    def new(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "scripts.verbs.new", *arguments)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "RENDER_PYTHON": str(self.renderer), "HOME": str(self.root)},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize("name", ["customers.csv", "customers.parquet"])
def test_a_sample_gives_schema_settings_tests_and_definition(repository: Repository, name: str) -> None:
    sample = repository.sample(name)
    done = repository.new("--pipeline", "churn", "--sample", sample, "--target", "churned", "--schedule", "6 hours")
    assert done.returncode == 0, done.stderr
    folder = repository.root / "pipelines/churn"
    schema = read_schema(folder / "schema.yml")
    assert schema.record_id == "customer_id"
    assert {feature.name: (feature.type, feature.missing, feature.minimum) for feature in schema.features} == {
        "tenure": ("integer", False, 0),
        "plan": ("category", False, None),
        "monthly charge": ("number", True, 0),
        "active": ("boolean", False, None),
        "balance": ("number", False, None),
    }
    assert [(each.name, each.type) for each in schema.predictions] == [("churned_probability", "probability")]
    settings = yaml.safe_load((folder / "settings.yml").read_text())
    assert (settings["model_package_group"], settings["schedule"]) == ("churn", "6 hours")
    assert "churned" not in (folder / "tests/sample.csv").read_text().splitlines()[0]
    assert json.loads((folder / "definition.json").read_text())["Metadata"]["ContentDigest"]
    assert "make register PIPELINE=churn" in done.stdout


def test_what_it_writes_passes_linter_types_and_its_own_tests(repository: Repository) -> None:
    assert repository.new("--pipeline", "churn", "--sample", repository.sample("a.csv")).returncode == 0
    assert repository.new("--pipeline", "fraud_scores", "--columns", 'id,"a b":number?,k:category=x|y').returncode == 0
    checks = (
        ("-m", "pytest", "-q", "pipelines/churn/tests", "pipelines/fraud_scores/tests"),
        ("-m", "ruff", "check", "pipelines"),
        ("-m", "ruff", "format", "--check", "pipelines"),
        ("-m", "mypy", "pipelines"),
        ("-m", "scripts.verbs.render", "--check"),
    )
    for check in checks:
        done = repository.python(*check)
        assert done.returncode == 0, done.stdout + done.stderr


ODD = """,meter ref,day,read at,due,kind,note, kwh
0,00017,31/01/2026,10:30:00,2026-01-31T10:00:00Z, food ,"first
second",1
1,00018,01/02/2026,11:00:00,2026-02-01,food,"a, b",2
2,00019,05/12/2026,23:15:00,2026-02-01 08:00,none,plain,3
3,00020,05/12/2026,23:15:00,2026-02-02,book,plain,4
4,00021,05/12/2026,23:30:00,2026-02-02,book,plain,5
"""


def test_a_sample_is_taken_as_preprocessing_will_take_the_data(repository: Repository) -> None:
    """Only an ISO date is a date, zeros before a number stay, and a column with line breaks is no feature."""
    (repository.root / "odd.csv").write_text(ODD)
    done = repository.new("--pipeline", "meters", "--sample", "odd.csv", "--target", "kwh", "--record-id", "meter ref")
    assert done.returncode == 0, done.stderr
    folder = repository.root / "pipelines/meters"
    features = {feature.name: feature for feature in read_schema(folder / "schema.yml").features}
    assert {name: (feature.type, feature.missing) for name, feature in features.items()} == {
        "day": ("text", False),
        "read at": ("text", False),
        "due": ("date", False),
        "kind": ("category", True),
    }
    assert features["kind"].values == ["book", "food"]
    assert (folder / "tests/sample.csv").read_text().splitlines()[1].startswith("0,00017,31/01/2026,10:30:00,")
    assert "left out: note: values with line breaks" in (folder / "schema.yml").read_text()
    assert "left out      note: values with line breaks" in done.stdout
    assert repository.python("-m", "pytest", "-q", "pipelines/meters/tests").returncode == 0


DERIVED = """from __future__ import annotations

import sys

from pipelines.tabular.preprocessing import run
from pipelines.tabular.schema import schema_beside


def per_month(row: dict[str, str]) -> dict[str, str]:
    return {"charge per month": str(float(row["monthly_charge"] or 0) / float(row["tenure"]))}


if __name__ == "__main__":
    sys.exit(run(schema_beside(__file__), per_month))
"""


def test_its_own_tests_pass_with_a_feature_that_its_script_derives(repository: Repository) -> None:
    """As docs/pipelines.md shows one: a build runs these tests."""
    assert repository.new("--pipeline", "churn", "--sample", repository.sample("a.csv")).returncode == 0
    folder = repository.root / "pipelines/churn"
    schema = (folder / "schema.yml").read_text()
    (folder / "schema.yml").write_text(
        schema.replace("\npredictions:", "  - { name: charge per month, type: number }\npredictions:")
    )
    (folder / "preprocess.py").write_text(DERIVED)
    done = repository.python("-m", "pytest", "-q", "pipelines/churn/tests")
    assert done.returncode == 0, done.stdout
    assert "made up" not in done.stdout
    (folder / "preprocess.py").write_text(DERIVED.replace('row["tenure"]', '"none"'))
    assert repository.python("-m", "pytest", "-q", "pipelines/churn/tests").returncode == 1


@pytest.mark.parametrize(
    "feature", ["name: fee", "name: region, type: category, values: [north]", "name: kind, type: text"]
)
def test_one_line_in_the_schema_adds_a_feature(repository: Repository, feature: str) -> None:
    """Its tests, which a build runs, say that the sample lacks it; a job's header must have it."""
    assert repository.new("--pipeline", "churn", "--sample", repository.sample("a.csv")).returncode == 0
    folder = repository.root / "pipelines/churn"
    schema = (folder / "schema.yml").read_text()
    (folder / "schema.yml").write_text(schema.replace("\npredictions:", f"\n  - {{ {feature} }}\npredictions:"))
    done = repository.python("-m", "pytest", "-q", "pipelines/churn/tests")
    assert done.returncode == 0, done.stdout
    name = feature.removeprefix("name: ").partition(",")[0]
    assert f"sample.csv lacks {name}: made up by schema.yml" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--pipeline", "churn-2", "--columns", "id,a"), "cannot be a pipeline's name"),
        (("--pipeline", "class", "--columns", "id,a"), "cannot be a pipeline's name"),
        (("--pipeline", "tabular", "--columns", "id,a"), "exists already"),
        (("--pipeline", "churn"), "SAMPLE is not given"),
        (("--columns", "id,a"), "PIPELINE is not given"),
        (("--pipeline", "churn", "--sample", "absent.csv"), "cannot be read"),
        (("--pipeline", "churn", "--sample", "."), "cannot be read"),
        (("--pipeline", "churn", "--sample", "noise.csv"), "SAMPLE"),
        (("--pipeline", "churn", "--sample", "noise.parquet"), "cannot be read"),
        (("--pipeline", "churn", "--sample", "empty.csv"), "SAMPLE"),
        (("--pipeline", "churn", "--sample", "header.csv"), "has no rows"),
        (("--pipeline", "churn", "--sample", "lists.parquet"), "no single value"),
        (("--pipeline", "churn", "--sample", "semicolons.csv"), "has one column alone"),
        (("--pipeline", "churn", "--sample", "twice.csv"), "names a column twice: a_b"),
        (("--pipeline", "churn", "--sample", "good.csv", "--target", "chrun"), "TARGET: there is no column"),
        (("--pipeline", "churn", "--sample", "good.csv", "--record-id", "x"), "RECORD_ID: there is no column"),
        (("--pipeline", "churn", "--sample", "no_id.csv"), "RECORD_ID is not given"),
        (("--pipeline", "churn", "--sample", "good.csv", "--columns", "id,a"), "the same twice"),
        (("--pipeline", "churn", "--sample", "good.csv", "--schedule", "daily"), "SCHEDULE"),
        (("--pipeline", "churn", "--sample", "good.csv", "--group", "my group"), "cannot be a model package group"),
        (("--pipeline", "churn", "--sample", "good.csv", "--predictions", "p:percent"), "PREDICTIONS"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    repository: Repository, arguments: tuple[str, ...], said: str
) -> None:
    repository.sample("good.csv")
    repository.sample("no_id.csv", {"a": [1, 1], "b": [2, 2]})
    repository.sample("lists.parquet", {"id": ["a", "b"], "l": [[1], [2]]})
    (repository.root / "header.csv").write_text("id,a\n")
    (repository.root / "empty.csv").write_text("")
    (repository.root / "semicolons.csv").write_text("id;a\nA;1\n")
    (repository.root / "twice.csv").write_text("id,a b,A_B\nA,1,2\n")
    for name in ("noise.csv", "noise.parquet"):
        (repository.root / name).write_bytes(gzip.compress(bytes(range(256)) * 8))
    before = sorted(path.name for path in (repository.root / "pipelines").iterdir())
    done = repository.new(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in (repository.root / "pipelines").iterdir()) == before


def test_a_folder_that_a_stage_does_not_go_together_with_is_taken_back(repository: Repository) -> None:
    stage = repository.root / "stages/preprod.yml"
    stage.write_text(f"{stage.read_text()}schedule: every day\n")
    done = repository.new("--pipeline", "churn", "--columns", "id,a")
    assert done.returncode == 3
    assert not (repository.root / "pipelines/churn").exists()
