"""The schemas that editors read are those of the models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.decisions.stage_settings import PIPELINE_SETTINGS
from scripts.repository.write_schemas import SCHEMAS, pipeline_settings_schema, stage_schema


@pytest.mark.parametrize("path", SCHEMAS, ids=str)
def test_the_committed_schemas_are_the_models(path: Path) -> None:
    assert json.loads(path.read_text()) == SCHEMAS[path]()


def test_a_pipelines_settings_offer_what_is_its_own_and_a_stage_file_requires_none_of_it() -> None:
    assert pipeline_settings_schema()["properties"].keys() == PIPELINE_SETTINGS
    assert not PIPELINE_SETTINGS & set(stage_schema()["required"])
