"""The batch inference pipeline: one processing job cleans the raw CSV files, one transform job scores them.

The definition it gives is stage-neutral: every value that differs between stages is a pipeline parameter
(``pipelines.tabular.parameters``). Deploying replaces what is infrastructure (role, key, network, image, code, output
prefix, transform settings) by the stage's values and leaves what a run may choose (model, input, instance types and
counts) as parameters.
"""

from __future__ import annotations

from typing import Any

from pipelines.tabular.images import sklearn_images
from pipelines.tabular.steps import output_of, processing_step, tabular_pipeline, transform_step

NAME = __name__.split(".")[-2]


def get_pipeline(region: str = "eu-west-1", pipeline_name: str = NAME.replace("_", "-")) -> Any:
    """The pipeline, ready to render."""
    preprocess = processing_step(
        "Preprocess",
        f"pipelines.{NAME}.preprocess",
        description="Check, clean and reorder the raw CSV files; nothing is fitted here",
    )
    return tabular_pipeline(
        pipeline_name, [preprocess, transform_step("Transform", output_of(preprocess, "features"))], region
    )


def get_stock_images() -> dict[str, dict[str, str]]:
    """AWS's images that it uses, by framework and version; each stage's region decides where they are pulled from."""
    return sklearn_images()
