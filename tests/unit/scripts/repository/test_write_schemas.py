"""The schemas that editors read are those of the models."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.decisions.release import release_schema
from scripts.repository.write_schemas import stage_schema


def test_the_committed_schemas_are_the_models() -> None:
    assert json.loads(Path("stages/schema.json").read_text()) == stage_schema()
    assert json.loads(Path("docs/release.schema.json").read_text()) == release_schema()
