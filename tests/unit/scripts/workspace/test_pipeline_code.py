"""What travels with a release: all that the jobs run, whatever it is called, and nothing that they do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.errors import DefinitionError, SettingsError
from scripts.workspace.pipeline_code import pipeline_code

SCHEMA = "record_id: id\nfeatures:\n  - { name: a }\npredictions:\n  - { name: p }\n"


class Tree:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("pipelines/__init__.py")
        self.write("pipelines/churn/__init__.py")
        self.write("pipelines/churn/pipeline.py", "import sagemaker\nFILE = 'definition.json'")

    def write(self, path: str, text: str = "") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    @property
    def code(self) -> dict[str, bytes]:
        return pipeline_code("churn", self.root)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_every_script_module_and_data_file_beside_the_pipeline_travels(tree: Tree) -> None:
    for path in ("preprocess.py", "postprocess.py", "features/__init__.py", "features/dates.py", "holidays.csv"):
        tree.write(f"pipelines/churn/{path}", "x = 1")
    assert {path.removeprefix("pipelines/churn/") for path in tree.code} == {
        "__init__.py",
        "preprocess.py",
        "postprocess.py",
        "features/__init__.py",
        "features/dates.py",
        "holidays.csv",
    }


def test_what_makes_or_explains_or_tests_the_pipeline_stays(tree: Tree) -> None:
    tree.write("pipelines/churn/preprocess.py")
    stays = ("README.md", "settings.yml", "definition.json", "tests/test_a.py", ".cache/x", "__pycache__/a.pyc")
    for path in stays:
        tree.write(f"pipelines/churn/{path}", "{}")
    assert set(tree.code) == {"pipelines/churn/__init__.py", "pipelines/churn/preprocess.py"}


def test_what_the_scripts_import_from_pipelines_travels_with_them_and_nothing_else(tree: Tree) -> None:
    tree.write("pipelines/churn/preprocess.py", "from pipelines.tables.reading import read")
    tree.write("pipelines/tables/__init__.py")
    tree.write("pipelines/tables/reading.py", "from pipelines.tables import names")
    tree.write("pipelines/tables/names.py")
    tree.write("pipelines/tables/steps.py", "import sagemaker")
    tree.write("pipelines/other/preprocess.py")
    assert set(tree.code) == {
        "pipelines/__init__.py",
        "pipelines/churn/__init__.py",
        "pipelines/churn/preprocess.py",
        "pipelines/tables/__init__.py",
        "pipelines/tables/reading.py",
        "pipelines/tables/names.py",
    }


def test_the_schema_travels_as_json(tree: Tree) -> None:
    tree.write("pipelines/churn/preprocess.py")
    tree.write("pipelines/churn/schema.yml", SCHEMA)
    assert "pipelines/churn/schema.yml" not in tree.code
    assert json.loads(tree.code["pipelines/churn/schema.json"])["features"][0]["name"] == "a"


def test_a_comment_in_the_schema_changes_nothing_and_a_column_does(tree: Tree) -> None:
    tree.write("pipelines/churn/preprocess.py")
    tree.write("pipelines/churn/schema.yml", SCHEMA)
    before = tree.code
    tree.write("pipelines/churn/schema.yml", f"# the customers\n{SCHEMA}")
    assert tree.code == before
    tree.write("pipelines/churn/schema.yml", SCHEMA.replace("{ name: a }", "{ name: b }"))
    assert tree.code != before


def test_a_wrong_schema_is_told_with_its_line(tree: Tree) -> None:
    tree.write("pipelines/churn/preprocess.py")
    tree.write("pipelines/churn/schema.yml", SCHEMA.replace("{ name: a }", "{ name: a, typ: text }"))
    with pytest.raises(SettingsError, match=r'schema.yml line 3: features.0.typ is not a setting; did you mean "type"'):
        tree.code  # noqa: B018


@pytest.mark.parametrize(
    "script",
    [
        "from pipelines.tabular.schema import schema_beside\nS = schema_beside(__file__)\n",
        "from pipelines.tabular.schema import schema_beside as read\n",
        "import pipelines.tabular.schema as tabular\nS = tabular.schema_beside(__file__)\n",
    ],
)
def test_a_script_whose_schema_is_gone_is_no_release(tree: Tree, script: str) -> None:
    tree.write("pipelines/churn/preprocess.py", script)
    with pytest.raises(DefinitionError, match=r"pipelines/churn/schema.yml is missing, which .*preprocess.py reads"):
        tree.code  # noqa: B018
    tree.write("pipelines/churn/schema.yml", SCHEMA)
    assert "pipelines/churn/schema.json" in tree.code


def test_a_script_that_reads_no_schema_needs_none(tree: Tree) -> None:
    tree.write("pipelines/churn/preprocess.py", "# schema_beside is for others\nprint('schema_beside')\n")
    tree.write("pipelines/churn/broken.py", "def schema_beside(:\n")
    assert "pipelines/churn/preprocess.py" in tree.code


def test_a_pipeline_without_scripts_has_no_code(tree: Tree) -> None:
    assert tree.code == {}
