"""Writes pipelines/framework_images.json, AWS's stock serving images, by the SDK's own tables.

``make register`` reads it to choose and to check a model's image where the SDK is not installed. Runs where rendering
runs: ``.venv-render/bin/python -m pipelines.write_framework_images`` (``--check`` compares, and writes nothing). It
reaches no network.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).with_name("framework_images.json")
# The newest of each line that AWS still builds; a model saved by another line's library is refused with this list.
VERSIONS = {
    "sklearn": ("1.2-1", "1.4-2-py312", "1.9-0"),
    "xgboost": ("1.7-1", "3.0-5", "3.2-0"),
    "pytorch": ("2.5.1", "2.6.0"),
}
PYTHON = {"sklearn": "py3", "pytorch": "py312"}
PYTHON_OF_VERSION = {("sklearn", "1.4-2-py312"): None, ("pytorch", "2.5.1"): "py311"}
ANY_CPU = "ml.m5.large"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.write_framework_images", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where the file is not what the SDK's tables give")
    chosen = parser.parse_args(arguments)
    text = images_text()
    if not chosen.check:
        IMAGES.write_text(text, encoding="utf-8")
        return 0
    if not IMAGES.exists() or IMAGES.read_text(encoding="utf-8") != text:
        print(f"{IMAGES.name} is stale; next: python -m pipelines.write_framework_images", file=sys.stderr)
        return 1
    return 0


def images_text() -> str:
    found = {"sdk_version": metadata.version("sagemaker"), "images": framework_images()}
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def framework_images() -> dict[str, dict[str, dict[str, str]]]:
    """framework -> version -> region -> URI."""
    return {
        framework: {version: _by_region(framework, version) for version in versions}
        for framework, versions in VERSIONS.items()
    }


def _by_region(framework: str, version: str) -> dict[str, str]:
    from sagemaker.core import image_uris

    table = image_uris.config_for_framework(framework)["inference"]["versions"][version]
    options: dict[str, Any] = {"framework": framework, "version": version, "instance_type": ANY_CPU}
    python = PYTHON_OF_VERSION.get((framework, version), PYTHON.get(framework))
    return {
        region: image_uris.retrieve(**options, region=region, py_version=python, image_scope="inference")
        for region in sorted(table["registries"])
    }


if __name__ == "__main__":
    sys.exit(main())
