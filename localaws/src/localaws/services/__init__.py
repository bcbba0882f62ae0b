"""The services that stand in front of moto, found by the shape of their files; there is no list to keep.

An operation of AWS is a method of a class in a module named ``<what>_operations.py``; an operation that is refused by
name is in the ``REFUSALS`` of a module named ``refusals.py``. Both may stand anywhere below this folder.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from localaws.core.service import Service


def service_classes() -> list[type[Service]]:
    """Every service, in the order of their modules' names."""
    found: list[type[Service]] = []
    for module in _modules():
        found += _defined_in(module)
        found += getattr(module, "REFUSALS", ())
    return found


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(__path__, f"{__name__}.", onerror=_fail):
        if found.name.endswith(("_operations", ".refusals")):
            yield importlib.import_module(found.name)


def _defined_in(module: ModuleType) -> list[type[Service]]:
    """The services of a module, in the order in which it defines them."""
    return [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Service) and value.__module__ == module.__name__
    ]


def _fail(name: str) -> None:
    """A room that cannot be imported is an error; walk_packages would leave it out."""
    raise  # noqa: PLE0704 (walk_packages calls this while it handles the error)
