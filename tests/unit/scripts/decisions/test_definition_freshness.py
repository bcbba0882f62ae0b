"""Whether a committed definition is what its sources give."""

from __future__ import annotations

import json
from typing import Any

from scripts.decisions.definition_binding import definition_text
from scripts.decisions.definition_freshness import (
    definition_freshness,
    rendered_from,
    sealed,
    source_digests,
    uses_sdk,
)

ENTRY = "pipelines/scoring/pipeline.py"
SOURCES = {
    ENTRY: b"from pipelines.shared import step\nimport sagemaker.core\n",
    "pipelines/shared.py": b"from . import names\n",
    "pipelines/names.py": b"",
    "pipelines/scoring/preprocess.py": b"print('never imported')",
    "pipelines/other/pipeline.py": b"import json",
}
PINS = {"requirements/render.txt": b"sagemaker==3.27.0"}
DEFINITION: dict[str, Any] = {"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": [{"Name": "A"}]}


def digests(sources: dict[str, bytes] = SOURCES) -> dict[str, str]:
    return source_digests(ENTRY, sources, PINS)


def committed() -> str:
    return definition_text(sealed(DEFINITION, digests()))


def test_a_definition_is_fresh_while_its_sources_are_unchanged() -> None:
    assert definition_freshness(committed(), digests()).is_fresh


def test_a_changed_source_makes_it_stale_and_is_named() -> None:
    changed = digests({**SOURCES, "pipelines/names.py": b"A = 1"})
    freshness = definition_freshness(committed(), changed)
    assert freshness.state == "stale"
    assert freshness.reasons == ("pipelines/names.py changed since it was rendered",)


def test_the_pinned_sdk_is_a_source() -> None:
    other = source_digests(ENTRY, SOURCES, {"requirements/render.txt": b"sagemaker==9"})
    reasons = definition_freshness(committed(), other).reasons
    assert reasons == ("requirements/render.txt changed since it was rendered",)


def test_a_preprocessing_script_that_the_pipeline_does_not_use_is_no_source() -> None:
    assert digests({**SOURCES, "pipelines/scoring/preprocess.py": b"changed"}) == digests()


def test_a_preprocessing_script_that_is_imported_or_named_is_a_source() -> None:
    script = "pipelines/scoring/preprocess.py"
    for use in (b"from pipelines.scoring import preprocess", b"from . import preprocess", b"FILE = 'preprocess.py'"):
        assert script in rendered_from(ENTRY, {**SOURCES, ENTRY: use})


def test_a_definition_edited_by_hand_is_told_from_a_stale_one() -> None:
    edited = committed().replace('"Name": "A"', '"Name": "B"')
    freshness = definition_freshness(edited, digests())
    assert freshness.state == "edited"
    assert "ContentDigest" in freshness.reasons[0]


def test_edited_metadata_counts_as_edited() -> None:
    definition = json.loads(committed())
    definition["Metadata"]["StockImages"] = {"Processing": {"Framework": "sklearn", "Version": "1.2-1"}}
    assert definition_freshness(definition_text(definition), digests()).state == "edited"


def test_another_layout_counts_as_edited() -> None:
    assert definition_freshness(json.dumps(json.loads(committed())), digests()).state == "edited"


def test_broken_json_is_named_with_its_line() -> None:
    freshness = definition_freshness('{\n  "Version": ,\n}', digests())
    assert freshness.state == "edited"
    assert freshness.reasons[0].startswith("line 2 column")


def test_json_that_rendering_did_not_write_and_no_file_at_all_are_told_apart() -> None:
    for text in ("[]", "{}", '{"Metadata": null}', '{"Metadata": {"SourceDigests": 3}}'):
        assert definition_freshness(text, digests()).state == "edited"
    assert definition_freshness(None, digests()).state == "missing"


def test_a_pipeline_without_the_sdk_does_not_depend_on_its_version() -> None:
    plain = {"pipelines/plain/pipeline.py": b"def get_pipeline(): return {}"}
    found = source_digests("pipelines/plain/pipeline.py", plain, PINS)
    assert not uses_sdk(plain, plain)
    assert set(found) == {"pipelines/plain/pipeline.py"}


def test_a_source_that_cannot_be_parsed_is_still_a_source() -> None:
    assert ENTRY in rendered_from(ENTRY, {ENTRY: b"def broken(:"})
