"""Markdown that tells what a CloudFormation template takes, makes and gives. Pure: parsed templates in, text out."""

from __future__ import annotations

from typing import Any

Template = dict[str, Any]

_BOUNDS = {
    "MinValue": "≥ {}",
    "MaxValue": "≤ {}",
    "MinLength": "at least {} characters",
    "MaxLength": "at most {} characters",
}


def template_section(path: str, template: Template) -> str:
    """One template: its description, and tables of its parameters, rules, resources and outputs."""
    parts = [f"## {path.rpartition('/')[2]}", "", _folded(template["Description"]), ""]
    parts += ["### Parameters", "", *_parameters(template), ""]
    if template.get("Rules"):
        parts += ["### Combinations", "", *_rules(template), ""]
    parts += ["### Resources", "", *_resources(template), ""]
    parts += ["### Outputs", "", *_outputs(template), ""]
    return "\n".join(parts)


def _parameters(template: Template) -> list[str]:
    rows = ["| parameter | type | default | allowed | description |", "|---|---|---|---|---|"]
    for name in _in_groups(template):
        parameter = template["Parameters"][name]
        default = f"`{parameter['Default']}`" if str(parameter.get("Default", "")) else "empty"
        rows.append(
            _row(
                f"`{name}`",
                parameter["Type"],
                default if "Default" in parameter else "**required**",
                _constraint(parameter),
                _folded(parameter["Description"]),
            )
        )
    return rows


def _in_groups(template: Template) -> list[str]:
    """Parameters as the console shows them: by their groups, then what is in none."""
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    return grouped + [name for name in template["Parameters"] if name not in grouped]


def _constraint(parameter: dict[str, Any]) -> str:
    if "AllowedValues" in parameter:
        return ", ".join(f"`{value}`" for value in parameter["AllowedValues"])
    if "ConstraintDescription" in parameter:
        return str(parameter["ConstraintDescription"])
    return ", ".join(text.format(parameter[name]) for name, text in _BOUNDS.items() if name in parameter)


def _rules(template: Template) -> list[str]:
    return [
        f"- {assertion['AssertDescription']}" for rule in template["Rules"].values() for assertion in rule["Assertions"]
    ]


def _resources(template: Template) -> list[str]:
    rows = ["| resource | type | only if | when the stack is deleted |", "|---|---|---|---|"]
    for name, resource in template["Resources"].items():
        kept = "kept" if str(resource.get("DeletionPolicy", "Delete")).startswith("Retain") else "deleted"
        condition = f"`{resource['Condition']}`" if "Condition" in resource else ""
        rows.append(_row(f"`{name}`", resource["Type"], condition, kept))
    return rows


def _outputs(template: Template) -> list[str]:
    rows = ["| output | description |", "|---|---|"]
    return rows + [
        _row(f"`{name}`", _folded(output["Description"])) for name, output in template.get("Outputs", {}).items()
    ]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _folded(text: str) -> str:
    return " ".join(text.split())
