"""The code of a pipeline that its jobs run: every file beside pipeline.py, and what those import from pipelines/.

It travels with the release below one S3 prefix, laid out as in the tree, so that ``import pipelines.<name>.<module>``
means the same in a job as in a test. schema.yml travels as schema.json: jobs have no YAML. Reads files; imports none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from scripts.decisions.canonical import canonical_json
from scripts.decisions.definition_freshness import reachable
from scripts.decisions.python_source import names_used
from scripts.errors import DefinitionError
from scripts.workspace import record_schemas
from scripts.workspace.pipelines import pipeline_sources

# Of no use to a job: what makes the definition, what people read, what tests.
_STAYS = frozenset({"pipeline.py", "definition.json", "settings.yml", "README.md", record_schemas.FILE})

# Of pipelines/tabular/schema.py: a script that calls it fails without the file.
_READS_SCHEMA = frozenset({"schema_beside"})


def pipeline_code(pipeline: str, root: Path = Path()) -> dict[str, bytes]:
    """Path from the root -> content, of everything that travels; empty for a pipeline that has no code of its own.

    Raises DefinitionError where a script reads a schema that is not there.
    """
    sources = pipeline_sources(root)
    folder = f"pipelines/{pipeline}"
    own = {path for path in sources if _travels(PurePosixPath(path), folder)}
    if all(PurePosixPath(path).name == "__init__.py" for path in own):
        return {}
    used = [path for path in reachable(own, sources) if PurePosixPath(path).name != "definition.json"]
    code = {path: sources[path] for path in {*own, *used} if path.removeprefix(f"{folder}/") not in _STAYS}
    schema = record_schemas.schema_of(pipeline, root)
    if schema is None:
        _require_no_schema(pipeline, {path: code[path] for path in own if path in code})
    else:
        code[f"{folder}/schema.json"] = canonical_json(schema.document).encode()
    return dict(sorted(code.items()))


def _require_no_schema(pipeline: str, scripts: Mapping[str, bytes]) -> None:
    """Raises DefinitionError where one of the pipeline's own scripts reads the schema that is not there."""
    for path in sorted(scripts):
        if path.endswith(".py") and names_used(scripts[path]) & _READS_SCHEMA:
            missing = f"pipelines/{pipeline}/{record_schemas.FILE}"
            raise DefinitionError(
                f"{missing} is missing, which {path} reads",
                found=["a job has it as schema.json, which a release makes of it: the job would fail"],
                next_command=f"git checkout -- {missing}   # or write it: docs/pipelines.md says what is in it",
            )


def _travels(path: PurePosixPath, folder: str) -> bool:
    if not path.is_relative_to(folder):
        return False
    parts = path.relative_to(folder).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return not hidden and parts[0] != "tests" and not (len(parts) == 1 and parts[0] in _STAYS)
