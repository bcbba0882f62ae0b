"""A schema file that says something else than it looks like is refused in words that lead out."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import SettingsError
from scripts.workspace.record_schemas import read_schema

SCHEMA = "record_id: berth\nfeatures:\n- name: crane\n  type: category\n  {}\npredictions:\n- name: hours\n"


@pytest.mark.parametrize("given", ["codes: { no: 0, yes: 1 }", "values: [1, 2]", "values: [2026-01-31]"])
def test_a_value_that_yaml_reads_as_none_of_text_is_told_to_be_quoted(tmp_path: Path, given: str) -> None:
    path = tmp_path / "schema.yml"
    path.write_text(SCHEMA.format(given))
    with pytest.raises(SettingsError) as refused:
        read_schema(path)
    assert all("put it in quotes" in each for each in refused.value.found or [refused.value.problem])


def test_the_same_in_quotes_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "schema.yml"
    path.write_text(SCHEMA.format('codes: { "no": 0, "yes": 1 }'))
    assert read_schema(path).features[0].codes == {"no": 0, "yes": 1}
