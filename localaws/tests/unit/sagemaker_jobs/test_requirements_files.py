"""When two models share an environment: equal requirements, and equal files where the requirements name files."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.services.sagemaker.jobs.requirements_files import asks_for_nothing, names_package, requirements_digest


def digest(folder: Path, text: str, **beside: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in beside.items():
        (folder / name).write_text(content)
    (folder / "requirements.txt").write_text(text)
    return requirements_digest(folder / "requirements.txt")


def test_plain_requirements_are_told_apart_by_their_text_alone(tmp_path: Path) -> None:
    one = digest(tmp_path / "one", "lightgbm==4.6.0\n", script="a")
    assert digest(tmp_path / "two", "lightgbm==4.6.0\n", script="b") == one
    assert digest(tmp_path / "three", "lightgbm==4.5.0\n", script="a") != one


@pytest.mark.parametrize(
    "line",
    ["-r more", "--requirement=more", "-c more", "./package.whl", "package @ file:///opt/ml/x", "-f wheels", "-e ."],
)
def test_what_requirements_name_counts(tmp_path: Path, line: str) -> None:
    assert digest(tmp_path / "one", line, more="a") != digest(tmp_path / "two", line, more="b")
    assert digest(tmp_path / "one", line, more="a") == digest(tmp_path / "three", line, more="a")


@pytest.mark.parametrize(("text", "nothing"), [("", True), ("#\n\n  # none", True), ("six", False), ("-r x", False)])
def test_comments_ask_for_nothing(text: str, nothing: bool) -> None:
    assert asks_for_nothing(text) is nothing


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("numpy\nxgboost==1.7.6", True),
        ("XGBoost[dask]", True),
        ("xgboost ; python_version > '3'", True),
        ("xgboost", True),
        ("xgboost-cpu", False),
        ("#xgboost", False),
        ("not-xgboost", False),
    ],
)
def test_a_line_of_its_own_names_a_package(text: str, named: bool) -> None:
    assert names_package(text, "xgboost") is named
