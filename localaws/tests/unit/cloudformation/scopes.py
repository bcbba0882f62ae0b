"""A scope as tests write it: parameters, resources and exports in dicts."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.parameters import Parameter
from localaws.services.cloudformation.scope import StackScope, pseudo_parameters
from localaws.services.cloudformation.template import Template


def scope(
    document: dict[str, Any] | None = None,
    parameters: dict[str, str] | None = None,
    resources: dict[str, Any] | None = None,
    exports: dict[str, str] | None = None,
) -> StackScope:
    found = document or {}
    declared = found.get("Parameters", {})
    values = {
        key: Parameter(key, text, None, "List" in declared.get(key, {}).get("Type", "String"), False)
        for key, text in (parameters or {}).items()
    }
    pseudo = pseudo_parameters("111111111111", "eu-west-1", "arn:stack", "stack", [])
    return StackScope(
        Template("", found),
        values,
        pseudo,
        resources or {},
        exports=(exports or {}).get,
        zones=lambda region: [f"{region}a", f"{region}b"],
    )
