"""The sample's records: the measurements of tumours that scikit-learn's data set has, in its order.

The pipeline's schema says the same while it is the sample's; somebody who changes it has begun a pipeline of their own,
and ``examples.ownership`` then keeps the sample away from it.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.tabular.schema import schema_beside

RECORD_ID = "record_id"
MEASUREMENTS = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
)
FEATURES = (
    *(f"mean_{name}" for name in MEASUREMENTS),
    *(f"{name}_error" for name in MEASUREMENTS),
    *(f"worst_{name}" for name in MEASUREMENTS),
)
SCHEMA_FILE = Path("pipelines/batch_inference/schema.yml")


def schema_columns(root: Path = Path(__file__).parents[1]) -> tuple[str, ...]:
    """The record id and the features that the pipeline's schema names now."""
    return schema_beside(root / SCHEMA_FILE).columns
