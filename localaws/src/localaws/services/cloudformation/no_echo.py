"""Keeps the values of NoEcho parameters out of what CloudFormation shows: change sets and stack events. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from localaws.services.cloudformation.parameters import Parameter
from localaws.services.cloudformation.references import references

MASK: Final = "****"


def secret_properties(resource: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> list[str]:
    """The top-level properties of a resource's declaration that a NoEcho parameter goes into."""
    secret = {key for key, parameter in parameters.items() if parameter.no_echo}
    if not secret:
        return []
    declared = resource.get("Properties") or {}
    return [name for name, value in declared.items() if any(each.name in secret for each in references(value))]


def masked(properties: Mapping[str, Any], secret: list[str]) -> dict[str, Any]:
    return {name: MASK if name in secret else value for name, value in properties.items()}
