"""Is a committed definition.json what its sources give? Decided by the digests that rendering recorded in it.

So a check needs neither the SageMaker SDK nor a second: it compares digests of the files that the definition was
rendered from, and of the definition's own content, which a hand edit changes. Pure; files come in as bytes.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Literal

from scripts.decisions.definition_binding import definition_text

State = Literal["fresh", "missing", "edited", "stale"]

_RENDERER: Final = "pipelines/get_pipeline_definition.py"


@dataclass(frozen=True)
class Freshness:
    """``reasons`` has one line for each thing that keeps the definition from being fresh."""

    state: State
    reasons: tuple[str, ...] = ()

    @property
    def is_fresh(self) -> bool:
        return self.state == "fresh"


def definition_freshness(text: str | None, digests: Mapping[str, str]) -> Freshness:
    """Judge the text of a definition.json (None: there is none) against the digests of its sources now."""
    if text is None:
        return Freshness("missing", ("there is no definition.json yet",))
    try:
        definition = json.loads(text)
    except json.JSONDecodeError as error:
        return Freshness("edited", (f"line {error.lineno} column {error.colno} is not JSON: {error.msg}",))
    broken = _hand_edits(definition, text)
    if broken:
        return Freshness("edited", broken)
    changed = _changes(definition["Metadata"]["SourceDigests"], digests)
    return Freshness("stale", changed) if changed else Freshness("fresh")


def sealed(definition: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    """The definition with the digests of its sources and of its own content in Metadata."""
    metadata = {**(definition.get("Metadata") or {}), "SourceDigests": dict(digests)}
    content = {**definition, "Metadata": metadata}
    return {**content, "Metadata": {**metadata, "ContentDigest": content_digest(content)}}


def content_digest(definition: Mapping[str, Any]) -> str:
    """``sha256:<hex>`` of all of a definition but the digest itself."""
    metadata = {key: value for key, value in definition.get("Metadata", {}).items() if key != "ContentDigest"}
    return digest(definition_text({**definition, "Metadata": metadata}).encode())


def source_digests(entry: str, sources: Mapping[str, bytes], pins: Mapping[str, bytes]) -> dict[str, str]:
    """Digests of everything that decides what ``entry`` (a pipeline.py) renders to.

    ``sources`` are the files of pipelines/ by path; those that the entry does not use are left out. ``pins`` are
    further files (the SDK's pinned version) that count only for a pipeline that uses the SDK.
    """
    used = rendered_from(entry, sources)
    found = {path: digest(sources[path]) for path in used}
    if uses_sdk(used, sources):
        found |= {path: digest(content) for path, content in pins.items()}
    return found


def rendered_from(entry: str, sources: Mapping[str, bytes]) -> list[str]:
    """The paths among ``sources`` that ``entry`` imports, or names in a text literal, directly or not; sorted.

    A preprocess.py that the pipeline only gets as an ``s3://`` parameter is not among them, so that editing it needs
    no rendering; one that is imported, or opened by name, is.
    """
    return reachable([entry, _RENDERER], sources)


def reachable(entries: Iterable[str], sources: Mapping[str, bytes]) -> list[str]:
    """The paths among ``sources`` of ``entries`` and of all that they import or name, directly or not; sorted."""
    found: set[str] = set()
    waiting = [path for path in entries if path in sources]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        if path.endswith(".py") and path != _RENDERER:
            waiting += [used for used in _used_paths(path, sources[path]) if used in sources]
    return sorted(found)


def uses_sdk(paths: Iterable[str], sources: Mapping[str, bytes]) -> bool:
    """Whether one of these modules imports the SageMaker SDK."""
    return any(
        module.partition(".")[0] == "sagemaker"
        for path in paths
        if path.endswith(".py")
        for module in _imported_modules(path, _parsed(sources[path]))
    )


def digest(content: bytes) -> str:
    """``sha256:<hex>``"""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _hand_edits(definition: Any, text: str) -> tuple[str, ...]:
    metadata = definition.get("Metadata") if isinstance(definition, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("SourceDigests"), dict):
        return ("its Metadata has no SourceDigests, so it was not written by make render",)
    recorded, actual = metadata.get("ContentDigest"), content_digest(definition)
    if recorded != actual:
        return (f"its content was edited by hand: ContentDigest says {recorded}, the content is {actual}",)
    if text != definition_text(definition):
        return ("its layout was edited by hand: it is not the canonical JSON that make render writes",)
    return ()


def _changes(recorded: Mapping[str, str], actual: Mapping[str, str]) -> tuple[str, ...]:
    reasons = []
    for name in sorted(recorded.keys() | actual.keys()):
        if name not in actual:
            reasons.append(f"{name} was deleted or is no longer used")
        elif name not in recorded:
            reasons.append(f"{name} is new")
        elif recorded[name] != actual[name]:
            reasons.append(f"{name} changed since it was rendered")
    return tuple(reasons)


def _used_paths(path: str, source: bytes) -> Iterator[str]:
    tree = _parsed(source)
    for module in _imported_modules(path, tree):
        parts = module.split(".")
        for length in range(1, len(parts) + 1):
            stem = "/".join(parts[:length])
            yield f"{stem}.py"
            yield f"{stem}/__init__.py"
    folder = PurePosixPath(path).parent
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 256:
            yield str(folder / node.value)


def _imported_modules(path: str, tree: ast.Module) -> Iterator[str]:
    """Absolute names of imported modules, and of imported names, which may be modules."""
    package = list(PurePosixPath(path).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _parsed(source: bytes) -> ast.Module:
    """What cannot be parsed uses nothing: rendering it will say why."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])
