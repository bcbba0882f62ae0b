"""The code of a pipeline that its jobs run: every file beside pipeline.py, and what those import from pipelines/.

It travels with the release below one S3 prefix, laid out as in the tree, so that ``import pipelines.<name>.<module>``
means the same in a job as in a test. schema.yml travels as schema.json: jobs have no YAML. Reads files; imports none.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from scripts.decisions.canonical import canonical_json
from scripts.decisions.definition_freshness import reachable
from scripts.workspace import record_schemas
from scripts.workspace.pipelines import pipeline_sources

# Of no use to a job: what makes the definition, what people read, what tests.
_STAYS = frozenset({"pipeline.py", "definition.json", "settings.yml", "README.md", record_schemas.FILE})


def pipeline_code(pipeline: str, root: Path = Path()) -> dict[str, bytes]:
    """Path from the root -> content, of everything that travels; empty for a pipeline that has no code of its own."""
    sources = pipeline_sources(root)
    folder = f"pipelines/{pipeline}"
    own = {path for path in sources if _travels(PurePosixPath(path), folder)}
    if all(PurePosixPath(path).name == "__init__.py" for path in own):
        return {}
    used = [path for path in reachable(own, sources) if PurePosixPath(path).name != "definition.json"]
    code = {path: sources[path] for path in {*own, *used} if path.removeprefix(f"{folder}/") not in _STAYS}
    schema = record_schemas.schema_of(pipeline, root)
    if schema is not None:
        code[f"{folder}/schema.json"] = canonical_json(schema.document).encode()
    return dict(sorted(code.items()))


def _travels(path: PurePosixPath, folder: str) -> bool:
    if not path.is_relative_to(folder):
        return False
    parts = path.relative_to(folder).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return not hidden and parts[0] != "tests" and not (len(parts) == 1 and parts[0] in _STAYS)
