"""The walls of DESIGN.md: who may import whom, and what a buildspec may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
AWS_LIBRARIES = {"boto3", "botocore", "moto", "awscli", "sagemaker"}


def modules(folder: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / folder).rglob("*.py")) if "__pycache__" not in path.parts)


def imported(path: Path) -> set[str]:
    """Every module that a file names in an import, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_decisions_import_no_aws_library_however_indirectly() -> None:
    names = [module_name(path) for path in modules("scripts/decisions")]
    code = f"import sys, {', '.join(names)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.partition(".")[0] for name in loaded.split()} & AWS_LIBRARIES == set()


def test_decisions_import_no_gateway_and_no_verb() -> None:
    allowed = ("scripts.decisions", "scripts.errors")
    for path in modules("scripts/decisions"):
        own = {name for name in imported(path) if name.startswith("scripts")}
        assert {name for name in own if not name.startswith(allowed)} == set(), path


def test_decisions_read_no_file_no_clock_and_no_environment() -> None:
    forbidden = re.compile(r"\bopen\(|read_text|read_bytes|datetime\.now|time\.time|os\.environ|subprocess")
    for path in modules("scripts/decisions"):
        assert not forbidden.search(path.read_text()), path


def test_only_gateways_import_aws_libraries() -> None:
    for path in modules("scripts"):
        if "gateways" not in path.parts:
            assert {name.partition(".")[0] for name in imported(path)} & AWS_LIBRARIES == set(), path


@pytest.mark.parametrize(
    ("folder", "others"),
    [
        ("scripts", {"localaws", "examples", "tests"}),
        ("tests", {"localaws", "examples"}),
        ("examples", {"localaws"}),
        ("localaws/src", {"scripts", "pipelines", "examples", "tests"}),
    ],
)
def test_houses_never_import_each_other(folder: str, others: set[str]) -> None:
    for path in modules(folder):
        assert {name.partition(".")[0] for name in imported(path)} & others == set(), path


def test_only_pipelines_import_the_sagemaker_sdk() -> None:
    for folder in ("scripts", "localaws/src", "examples"):
        for path in modules(folder):
            assert "sagemaker" not in {name.partition(".")[0] for name in imported(path)}, path


def test_buildspecs_hold_only_make_lines() -> None:
    buildspecs = sorted((ROOT / "buildspecs").glob("*.yml"))
    assert buildspecs
    allowed = re.compile(
        r'make [a-z-]+( .*)?|[A-Z0-9_]+="\$\(make --silent build-variable NAME=[A-Z0-9_]+\)"|export [A-Z0-9_ ]+'
    )
    for path in buildspecs:
        for phase in yaml.safe_load(path.read_text())["phases"].values():
            for command in phase["commands"]:
                for part in command.split(" && "):
                    assert allowed.fullmatch(part.strip()), f"{path.name}: {part}"
