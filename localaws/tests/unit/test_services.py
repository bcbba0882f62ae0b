"""How services are found: by the shape of their files, each operation once."""

from __future__ import annotations

import ast
from pathlib import Path

import localaws.services
from localaws.core.service import Service
from localaws.services import service_classes

FOLDER = Path(localaws.services.__file__).parent


def _service_classes_written(path: Path) -> list[str]:
    """Classes of a file that are services, by their bases' names."""
    tree = ast.parse(path.read_text())
    known = {"Service"}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id in known for base in node.bases
        ):
            known.add(node.name)
            found.append(node.name)
    return found


def test_every_service_stands_in_a_module_of_operations_and_is_found() -> None:
    written = {path: _service_classes_written(path) for path in FOLDER.rglob("*.py")}
    elsewhere = [str(path) for path, names in written.items() if names and not path.stem.endswith("_operations")]
    assert elsewhere == []
    found = {service.__name__ for service in service_classes()}
    assert {name for names in written.values() for name in names} <= found


def test_every_module_of_operations_has_a_service() -> None:
    empty = [str(path) for path in FOLDER.rglob("*_operations.py") if not _service_classes_written(path)]
    assert empty == []


def test_a_service_is_found_once() -> None:
    found = service_classes()
    assert len(found) == len(set(found))
    assert all(issubclass(service, Service) for service in found)


def test_what_is_refused_says_so_by_name() -> None:
    refusing = {service.service: service for service in service_classes() if service.__name__.startswith("Refusals")}
    assert hasattr(refusing["events"], "create_archive")
    assert hasattr(refusing["sagemaker"], "create_training_job")
    assert hasattr(refusing["lambda"], "invoke")
    assert hasattr(refusing["cloudformation"], "create_stack_set")
    assert not hasattr(refusing["cloudformation"], "create_stack")
