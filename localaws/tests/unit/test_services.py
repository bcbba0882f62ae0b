"""How services are found: by the shape of their files, each operation once."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import localaws.services
from localaws.core.errors import ServiceError
from localaws.core.refusals import operations_outside, refusing
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


def test_what_is_refused_by_name_is_in_the_tables() -> None:
    tables = {service.service: service for service in service_classes() if service.__name__.startswith("Refusals")}
    assert hasattr(tables["events"], "create_archive")
    assert hasattr(tables["sagemaker"], "create_training_job")
    assert hasattr(tables["sagemaker"], "search")
    assert hasattr(tables["lambda"], "invoke")
    assert hasattr(tables["cloudformation"], "create_stack_set")
    assert not hasattr(tables["cloudformation"], "create_stack")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("it has none", "localaws does not implement events:CreateArchive: it has none."),
        ("", "localaws does not implement events:CreateArchive."),
    ],
)
def test_a_refusal_names_the_operation_and_the_reason(reason: str, said: str) -> None:
    service: Any = refusing("events", {"CreateArchive": reason})
    with pytest.raises(ServiceError, match=f"^{re.escape(said)}$") as caught:
        service.create_archive(None, None, {})
    assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)


def test_what_a_service_does_not_implement_is_refused() -> None:
    class Some(Service):
        service = "sts"

        def get_caller_identity(self, caller: Any, request: Any) -> Any:
            return {}

    outside = operations_outside("sts", [Some])
    assert "AssumeRole" in outside
    assert "GetCallerIdentity" not in outside
