"""Which of AWS's stock images the tabular pipelines use, by framework and version: for jobs, and to serve the model.

No region and no address: those are a stage's, and bound at deployment by ``pipelines/framework_images.json``.
"""

from __future__ import annotations

# The processing image: its Python runs the scripts. Its scikit-learn must be able to load what a model of that
# framework was saved with (same minor version).
SKLEARN_VERSION = "1.9-0"


def sklearn_images() -> dict[str, dict[str, str]]:
    """The image of the processing jobs, and that of a scikit-learn model."""
    image = {"Framework": "sklearn", "Version": SKLEARN_VERSION}
    return {"Processing": image, "Inference": dict(image)}
