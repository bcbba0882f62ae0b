"""The pipelines of this repository: a folder of pipelines/ with a ``pipeline.py`` each, and its rendered definition.

Reads files; renders nothing and calls no AWS. Whoever deploys a definition gets it here, and gets an error in its
place when it is missing, stale or edited by hand.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from scripts.decisions.definition_freshness import Freshness, definition_freshness, source_digests
from scripts.errors import DefinitionError, UsageError

PIN = "requirements/render.txt"


@dataclass(frozen=True)
class RenderedDefinition:
    """A fresh definition.json: what it says, and the sha256 (hex) of the file as committed."""

    pipeline: str
    text: str
    definition: dict[str, Any]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def pipeline_names(root: Path = Path()) -> list[str]:
    """All pipelines, sorted by name."""
    return sorted(path.parent.name for path in (root / "pipelines").glob("*/pipeline.py"))


def definition_path(pipeline: str, root: Path = Path()) -> Path:
    """Where the rendered definition is committed."""
    return root / "pipelines" / pipeline / "definition.json"


def sample_of(pipeline: str, root: Path = Path()) -> Path:
    """Where a pipeline keeps a few rows of its input, for its tests and for a first run on a laptop."""
    return root / "pipelines" / pipeline / "tests" / "sample.csv"


def read_fresh_definition(pipeline: str, root: Path = Path()) -> RenderedDefinition:
    """The committed definition. Raises DefinitionError unless it is what its sources render to."""
    require_pipeline(pipeline, root)
    text = read_definition(pipeline, root)
    freshness = freshness_of(pipeline, root)
    if text is None or not freshness.is_fresh:
        raise not_fresh(pipeline, freshness, root)
    return RenderedDefinition(pipeline, text, json.loads(text))


def freshness_of(pipeline: str, root: Path = Path()) -> Freshness:
    """Whether the committed definition is what its sources give."""
    return definition_freshness(read_definition(pipeline, root), current_digests(pipeline, root))


def not_fresh(pipeline: str, freshness: Freshness, root: Path = Path()) -> DefinitionError:
    """The error that tells why a definition cannot be used."""
    path = definition_path(pipeline, root)
    problem = {"missing": "was never rendered", "stale": "is stale", "edited": "is not what was rendered"}
    return DefinitionError(
        f"{path} {problem.get(freshness.state, 'is fresh')}.",
        found=list(freshness.reasons),
        next_command="make render",
    )


def require_pipeline(pipeline: str, root: Path = Path()) -> None:
    """Raises UsageError for a pipeline that has no folder."""
    names = pipeline_names(root)
    if pipeline not in names:
        near = get_close_matches(pipeline, names, n=1)
        raise UsageError(
            f'there is no pipeline "{pipeline}"' + (f'; did you mean "{near[0]}"?' if near else ""),
            found=[f"folders of pipelines/ with a pipeline.py: {', '.join(names) or 'none'}"],
            next_command="ls pipelines",
        )


def read_definition(pipeline: str, root: Path = Path()) -> str | None:
    """The text of definition.json, None where there is no such file."""
    path = definition_path(pipeline, root)
    try:
        return path.read_bytes().decode("utf-8") if path.exists() else None
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"{path} is not UTF-8 text.", found=[f"byte {error.start}: {error.reason}"], next_command="make render"
        ) from error


def has_processing_step(pipeline: str, root: Path = Path()) -> bool:
    """Whether something stands between the input and the model; True, too, where no definition tells."""
    try:
        steps = json.loads(read_definition(pipeline, root) or "")["Steps"]
        return any(step["Type"] != "Transform" for step in steps)
    except (ValueError, KeyError, TypeError):
        return True


def current_digests(pipeline: str, root: Path = Path()) -> dict[str, str]:
    """Digests, as they are now, of what the pipeline is rendered from."""
    pin = root / PIN
    pins = {PIN: pin.read_bytes()} if pin.exists() else {}
    return source_digests(f"pipelines/{pipeline}/pipeline.py", pipeline_sources(root), pins)


def pipeline_sources(root: Path = Path()) -> dict[str, bytes]:
    """Every source file of pipelines/ by its path from the root, but no rendered definition."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / "pipelines").rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and path.name != "definition.json"
    }
