"""``#{namespace.key}`` in action configurations: found, checked and replaced. Pure.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

PIPELINE_NAMESPACE = "codepipeline"  # PipelineExecutionId, SourceRevisions...
VARIABLES_NAMESPACE = "variables"  # the CodePipeline's own variables
_REFERENCE = re.compile(r"#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_.-]+)\}")


class UnresolvedVariableError(ValueError):
    """A reference names something that no action before has set."""


def references(configuration: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every (namespace, key) that a configuration refers to."""
    for value in configuration.values():
        yield from _REFERENCE.findall(value)


def substitute(text: str, namespaces: Mapping[str, Mapping[str, str]]) -> str:
    """``text`` with every reference replaced by its value. Raises UnresolvedVariableError."""

    def value(found: re.Match[str]) -> str:
        namespace, key = found.groups()
        known = namespaces.get(namespace)
        if known is None or key not in known:
            has = ", ".join(sorted(known or ())) or "nothing"
            raise UnresolvedVariableError(
                f"The variable {found.group(0)} could not be resolved: namespace {namespace} has {has}"
            )
        return known[key]

    return _REFERENCE.sub(value, text)
