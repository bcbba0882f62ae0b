"""Whatever has a definition is a pipeline, with or without the SageMaker SDK."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.get_pipeline_definition import PipelineModuleError, canonical, definition_of, main, offline, parse_kwargs

DEFINITION: dict[str, Any] = {"Version": "2020-12-01", "Steps": [{"Name": "A"}]}


class WithDefinition:
    """What a pipeline of any version of the SDK looks like from here."""

    def __init__(self, given: Any) -> None:
        self._given = given

    def definition(self) -> Any:
        return self._given


@pytest.mark.parametrize(
    "pipeline", [DEFINITION, json.dumps(DEFINITION), WithDefinition(DEFINITION), WithDefinition(json.dumps(DEFINITION))]
)
def test_a_dict_json_text_and_an_object_with_a_definition_are_all_pipelines(pipeline: Any) -> None:
    assert definition_of(pipeline) == DEFINITION


@pytest.mark.parametrize("pipeline", [None, 3, [], {}, {"Steps": {}}, "no JSON", WithDefinition(None)])
def test_anything_else_is_refused(pipeline: Any) -> None:
    with pytest.raises(PipelineModuleError):
        definition_of(pipeline)


def test_nulls_are_dropped_at_every_depth() -> None:
    given = {**DEFINITION, "MlflowConfig": None, "Steps": [{"Name": "A", "Arguments": {"B": None, "C": [None, 1]}}]}
    assert definition_of(given)["Steps"] == [{"Name": "A", "Arguments": {"C": [None, 1]}}]
    assert "MlflowConfig" not in definition_of(given)


def test_canonical_json_does_not_depend_on_the_order_of_members() -> None:
    assert canonical({"b": 1, "a": "ü"}) == canonical({"a": "ü", "b": 1}) == '{\n  "a": "ü",\n  "b": 1\n}\n'


@pytest.mark.parametrize("text", ['{"region": "ap-southeast-2"}', "{'region': 'ap-southeast-2'}"])
def test_keyword_arguments_are_json_or_a_python_dict(text: str) -> None:
    assert parse_kwargs(text) == {"region": "ap-southeast-2"}


@pytest.mark.parametrize("text", ["[1]", "region=ap-southeast-2", "{1: 2}", "__import__('os')"])
def test_other_keyword_arguments_are_refused(text: str) -> None:
    with pytest.raises(PipelineModuleError):
        parse_kwargs(text)


def test_rendering_has_no_credentials_of_the_user_and_gives_the_environment_back() -> None:
    before = dict(os.environ)
    with offline():
        assert os.environ["AWS_EC2_METADATA_DISABLED"] == "true"
        assert os.environ["AWS_ACCESS_KEY_ID"] == "rendering-calls-nobody"
        assert not Path(os.environ["AWS_CONFIG_FILE"]).exists()
        assert "TelemetryOptOut" in Path(os.environ["SAGEMAKER_USER_CONFIG_OVERRIDE"]).read_text()
    assert dict(os.environ) == before


@pytest.fixture
def module(tmp_path: Path) -> Any:
    """Write a pipeline module and give its name."""
    sys.path.insert(0, str(tmp_path))

    def write(source: str) -> str:
        name = f"pipeline_{len(list(tmp_path.iterdir()))}_{tmp_path.name.replace('-', '_')}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    yield write
    sys.path.remove(str(tmp_path))


PLAIN = """
def get_pipeline(step="A"):
    print("chatter")
    return {"Version": "2020-12-01", "Steps": [{"Name": step}]}

def get_stock_images():
    return {"Processing": {"Framework": "sklearn", "Version": "1.9-0"}}
"""


def test_the_command_prints_nothing_but_the_definition(module: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-n", module(PLAIN), "-kwargs", '{"step": "B"}']) == 0
    assert json.loads(capsys.readouterr().out)["Steps"] == [{"Name": "B"}]


def test_stock_images_are_recorded_by_framework_and_version_and_not_by_region(module: Any, tmp_path: Path) -> None:
    written = tmp_path / "definition.json"
    assert main(["-n", module(PLAIN), "-f", str(written), "--record"]) == 0
    metadata = json.loads(written.read_text())["Metadata"]
    assert metadata["StockImages"] == {"Processing": {"Framework": "sklearn", "Version": "1.9-0"}}


def test_a_pipeline_that_still_gives_images_by_region_is_told_what_to_write(
    module: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = PLAIN.replace("def get_stock_images():", "def get_image_uris(region):")
    assert main(["-n", module(source), "-f", str(tmp_path / "definition.json"), "--record"]) == 10
    assert "get_stock_images()" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import no_such_library", "no_such_library"),
        ("import sagemaker", "make render"),
        ("pipeline = {}", "no function get_pipeline"),
        ("def get_pipeline(): return 3", "returned int, which is not a pipeline definition"),
    ],
)
def test_a_module_without_a_pipeline_ends_with_a_reason(
    module: Any, capsys: pytest.CaptureFixture[str], source: str, told: str
) -> None:
    assert main(["-n", module(source)]) == 10
    assert told in capsys.readouterr().err


def test_without_a_module_the_usage_is_shown() -> None:
    assert main([]) == 2
