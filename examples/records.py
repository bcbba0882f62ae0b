"""The sample's records: their columns, by the schema file of the sample's pipeline."""

from __future__ import annotations

from pathlib import Path

from pipelines.tabular.schema import schema_beside

SCHEMA_FILE = Path(__file__).parents[1] / "pipelines/batch_inference/schema.yml"
SCHEMA = schema_beside(SCHEMA_FILE)
RECORD_ID = SCHEMA.record_id
FEATURES = SCHEMA.names
