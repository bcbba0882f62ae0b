"""An image is named by framework and version in the definition, and found in the stage's region when it is bound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.decisions.stock_images import Use, stock_image_uri
from scripts.errors import DefinitionError

TABLE = {
    "sklearn": {"1.9-0": {"ap-southeast-2": "here", "cn-north-1": "in China"}, "1.2-1": {"ap-southeast-2": "older"}}
}
NAMED = {"Metadata": {"StockImages": {"Processing": {"Framework": "sklearn", "Version": "1.9-0"}}}}
SHIPPED = Path("pipelines/framework_images.json")


def test_the_same_definition_has_each_regions_own_image() -> None:
    assert stock_image_uri(NAMED, "Processing", TABLE, "ap-southeast-2") == "here"
    assert stock_image_uri(NAMED, "Processing", TABLE, "cn-north-1") == "in China"


@pytest.mark.parametrize("definition", [{}, {"Metadata": {}}, NAMED])
def test_a_pipeline_that_names_no_image_has_none(definition: dict[str, Any]) -> None:
    assert stock_image_uri(definition, "Inference", TABLE, "ap-southeast-2") is None


def test_a_region_without_the_image_is_refused_with_those_that_have_it_and_the_way_out() -> None:
    with pytest.raises(DefinitionError) as error:
        stock_image_uri(NAMED, "Processing", TABLE, "mx-central-1")
    assert "sklearn 1.9-0 of AWS's in mx-central-1" in error.value.problem
    assert "ap-southeast-2, cn-north-1" in error.value.found[0]
    assert "processing.image_uri" in str(error.value.next_command)


@pytest.mark.parametrize(("framework", "version"), [("sklearn", "0.1"), ("tensorflow", "2"), (None, None)])
def test_an_image_that_the_table_lacks_is_refused_with_what_it_has(framework: Any, version: Any) -> None:
    definition = {"Metadata": {"StockImages": {"Processing": {"Framework": framework, "Version": version}}}}
    with pytest.raises(DefinitionError) as error:
        stock_image_uri(definition, "Processing", TABLE, "ap-southeast-2")
    assert f"{framework} {version}" in error.value.problem


def test_a_release_of_an_earlier_version_brings_its_own_table() -> None:
    earlier = {"Metadata": {"ProcessingImageUris": {"ap-southeast-2": "as rendered"}}}
    assert stock_image_uri(earlier, "Processing", TABLE, "ap-southeast-2") == "as rendered"
    with pytest.raises(DefinitionError, match="mx-central-1"):
        stock_image_uri(earlier, "Processing", TABLE, "mx-central-1")


@pytest.mark.parametrize("use", ["Processing", "Inference"])
def test_what_the_tabular_pipelines_name_is_in_the_shipped_table(use: Use) -> None:
    from pipelines.tabular.images import sklearn_images

    table = json.loads(SHIPPED.read_text())["images"]
    uri = stock_image_uri({"Metadata": {"StockImages": sklearn_images()}}, use, table, "ap-southeast-2")
    assert str(uri).startswith("783357654285.dkr.ecr.ap-southeast-2.")
