"""Finds the class of a resource type by its AWS name; every module of this folder is looked through once."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from localaws.services.cloudformation import resource_types
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import ResourceType


def implementation(type_name: str) -> ResourceType:
    """The one object of a type; ResourceError where localaws has none."""
    found = _implementations().get(type_name)
    if found is None:
        raise ResourceError(f"localaws does not implement the resource type {type_name}.")
    return found


def is_implemented(type_name: str) -> bool:
    return type_name in _implementations()


@functools.cache
def _implementations() -> dict[str, ResourceType]:
    for module in pkgutil.iter_modules(resource_types.__path__):
        importlib.import_module(f"{resource_types.__name__}.{module.name}")
    return {each.type_name: each() for each in _subclasses(ResourceType) if "type_name" in vars(each)}


def _subclasses(parent: type[ResourceType]) -> list[type[ResourceType]]:
    return [each for child in parent.__subclasses__() for each in (child, *_subclasses(child))]
