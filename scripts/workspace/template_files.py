"""Reads what a CloudFormation template of this clone says of its parameters; of the rest it knows nothing."""

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
