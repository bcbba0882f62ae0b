"""AWS's stock images of a framework, by the SageMaker SDK's own tables: where jobs run, and what serves the model.

Asks no network. Rendering records them for every region, so that a stage can move without rendering.
"""

from __future__ import annotations

from sagemaker.core import image_uris

# The processing image: its Python runs the scripts. Its scikit-learn must be able to load what a model of that
# framework was saved with (same minor version).
SKLEARN_VERSION = "1.9-0"


def sklearn_images(region: str) -> dict[str, str]:
    """Images of one region: of the processing jobs, and of a scikit-learn model."""
    options = {"framework": "sklearn", "region": region, "version": SKLEARN_VERSION, "instance_type": "ml.m5.large"}
    return {
        "ProcessingImageUris": image_uris.retrieve(**options, image_scope="training"),
        "InferenceImageUris": image_uris.retrieve(**options, image_scope="inference"),
    }


def sklearn_regions() -> list[str]:
    """Every region that the SDK's table has."""
    versions = image_uris.config_for_framework("sklearn")["inference"]["versions"]
    return sorted(versions[SKLEARN_VERSION]["registries"])
