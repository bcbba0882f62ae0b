"""The instance types SageMaker knows, by botocore's service model: read from the installed package, no call to AWS."""

from __future__ import annotations

from functools import cache

import botocore.loaders


@cache
def known_instance_types() -> dict[str, frozenset[str]]:
    """{"processing": {...}, "inference": {...}}: what ProcessingInstanceType and TransformInstanceType may be."""
    # The shapes' enums straight from the JSON: making the whole service model costs twice as long.
    shapes = botocore.loaders.create_loader().load_service_model("sagemaker", "service-2")["shapes"]
    return {
        "processing": frozenset(shapes["ProcessingInstanceType"]["enum"]),
        "inference": frozenset(shapes["TransformInstanceType"]["enum"]),
    }
