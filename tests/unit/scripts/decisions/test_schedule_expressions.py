"""Schedule expressions with AWS's verdict: a stage file takes what a rule takes, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.decisions.schedule import parse_schedule

_TABLE = yaml.safe_load(Path(__file__).with_name("schedule_expressions.yml").read_text())
_ROWS: list[dict[str, Any]] = _TABLE["expressions"]


def _is_taken(text: str) -> bool:
    try:
        parse_schedule(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row["text"])
def test_a_stage_file_takes_what_a_rule_takes(row: dict[str, Any]) -> None:
    assert _is_taken(row["text"]) is row["rule"], _TABLE["pages"][row["page"]]
