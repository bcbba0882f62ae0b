"""The table of schedule expressions lies in two trees that never import each other; it is the same one."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_OURS = ROOT / "tests/unit/scripts/decisions/schedule_expressions.yml"
_LOCALAWS = ROOT / "localaws/tests/unit/events/schedule_expressions.yml"


@pytest.mark.skipif(not _LOCALAWS.exists(), reason="localaws/ is not part of this tree")
def test_stage_files_and_localaws_are_tested_by_the_same_table_of_schedules() -> None:
    assert _OURS.read_bytes() == _LOCALAWS.read_bytes(), f"change both, {_OURS} and {_LOCALAWS}"
