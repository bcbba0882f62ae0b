"""Values on their way from a verb to the CodePipeline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.workspace.build_variables import LONGEST_VALUE, one_line, record_build_variables


def test_verbs_add_to_what_others_recorded(tmp_path: Path) -> None:
    path = tmp_path / "build" / "variables.json"
    record_build_variables({"RELEASE_ID": "a", "OTHER": "x"}, path)
    record_build_variables({"RELEASE_ID": "b"}, path)
    assert json.loads(path.read_text()) == {"RELEASE_ID": "b", "OTHER": "x"}


@pytest.mark.parametrize("name", ["AWS_REGION", "CODEBUILD_SRC_DIR", "release", "A-B", ""])
def test_a_name_that_codebuild_cannot_export_is_a_defect(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot export"):
        record_build_variables({name: "x"}, tmp_path / "variables.json")


def test_a_value_becomes_one_line_that_fits() -> None:
    assert one_line("a\n  b\tc ") == "a b c"
    assert len(one_line("x" * (LONGEST_VALUE + 1))) == LONGEST_VALUE
    assert one_line("x" * LONGEST_VALUE) == "x" * LONGEST_VALUE
