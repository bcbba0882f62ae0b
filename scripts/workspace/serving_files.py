"""What registering a model reads of this clone: the table of AWS's stock images, and the default serving code."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.decisions.framework_images import ImageTable
from scripts.decisions.model_archive_rules import CODE
from scripts.decisions.serving_code import PROGRAM
from scripts.errors import SettingsError
from scripts.workspace.text_files import read_text

IMAGES = Path("pipelines/framework_images.json")
_SERVING = Path(__file__).parents[1] / "serving"
_BESIDE = {"skops_inference.py": ("sklearn_inference.py",)}


def read_image_table(path: Path = IMAGES) -> ImageTable:
    """framework -> version -> region -> URI."""
    try:
        table: ImageTable = json.loads(read_text(path))["images"]
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{path} is not what pipelines/write_framework_images.py writes",
            found=[f"{type(error).__name__}: {error}"],
            next_command=f"git checkout -- {path}",
        ) from error
    return table


def default_code(handler: str) -> dict[str, bytes]:
    """A default handler by its path in the archive, with the modules that it imports beside it."""
    beside = {f"{CODE}{name}": (_SERVING / name).read_bytes() for name in _BESIDE.get(handler, ())}
    return {f"{CODE}{PROGRAM}": (_SERVING / handler).read_bytes(), **beside}
