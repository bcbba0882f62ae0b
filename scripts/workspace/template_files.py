"""Reads CloudFormation templates: of this clone's files the parameters alone; of a text the whole, in long form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scripts.decisions.template_parameters import TemplateParameter, declared_parameters
from scripts.errors import SettingsError
from scripts.workspace.text_files import read_text

# Written in C it reads a template in a tenth of the time; which there is depends on how yaml was installed.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def template_parameters(path: Path) -> dict[str, TemplateParameter]:
    """The parameters of a template, by name. Raises SettingsError for a file that is no YAML template.

    CloudFormation allows no function among them, so no short tag (``!Ref``) stands in what is read here.
    """
    try:
        loader = _LOADER(read_text(path))
        try:
            root = loader.get_single_node()
            pairs = root.value if isinstance(root, yaml.MappingNode) else []
            section = next((value for key, value in pairs if key.value == "Parameters"), None)
            found = {} if section is None else loader.construct_document(section)
        finally:
            loader.dispose()
        return declared_parameters(found)
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise SettingsError(
            f"{path}: the section Parameters is not that of a template: {error}",
            next_command=f"git checkout -- {path}   # or correct it; make check names the line",
        ) from error


def whole_template(text: str, where: str) -> dict[str, Any]:
    """A template with every short function (``!Ref``) as its long form. Raises SettingsError; ``where`` names it."""
    try:
        found = yaml.load(text, Loader=_WithFunctions)  # noqa: S506 - a safe loader, which knows these tags besides
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError(
            f"{where} is no template: {error}", next_command="make release   # or find out who changed it"
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise SettingsError(f"{where} is no template: it has no Resources", next_command="make release")
    return found


class _WithFunctions(_LOADER):  # type: ignore[misc]
    """The safe loader, for templates."""


def _function(loader: Any, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_WithFunctions.add_multi_constructor("!", _function)
