"""The README lists the resource types that there are, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from localaws.services import cloudformation
from localaws.services.cloudformation.resource_types import registry


def _listed() -> set[str]:
    readme = (Path(cloudformation.__file__).parent / "README.md").read_text()
    paragraph = readme.split("## Resource types\n")[1].split("\n\n")[0]
    found = set()
    for group in " ".join(paragraph.split()).split(" · "):
        services, names = re.fullmatch(r"(\w+(?: and \w+)*) (\w+(?:, \w+)*)", group).groups()  # type: ignore[union-attr]
        found |= {f"AWS::{service}::{name}" for service in services.split(" and ") for name in names.split(", ")}
    return found


def test_the_readme_lists_every_resource_type_and_no_other() -> None:
    refusing = {"AWS::CodePipeline::Webhook"}  # a class of its own only to say what to use instead
    assert _listed() == set(registry._implementations()) - refusing
