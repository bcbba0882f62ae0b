"""Who imports whom in localaws: nobody in a circle, and every room only from the floors below it.

The graph is read from the source, so it counts what a test run would miss: imports for types alone and imports inside
functions. Importing ``a.b.c`` runs ``a/__init__`` and ``a.b/__init__`` as well, and counts as importing them; a
module's own parents are left out, because a package may gather its own modules.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

Graph = dict[str, set[str]]

# A room, and all that it may import of localaws besides itself. What a line leaves out is what the room must not know:
# the core knows nobody but how processes are closed in; services reach each other and moto through the cloud they are
# given, never the front door.
FLOORS: dict[str, set[str]] = {
    "localaws.isolation": set(),
    "localaws.core": {"localaws.isolation"},
    "localaws.policies": {"localaws.core"},
    "localaws.moto": {"localaws.core"},
    "localaws.front_door": {"localaws.core"},
    "localaws.iam": {"localaws.core", "localaws.policies"},
    "localaws.services": {"localaws.core", "localaws.isolation", "localaws.policies", "localaws.iam"},
    "localaws.control": {"localaws.core"},
    "localaws.assembly": {
        "localaws.core",
        "localaws.front_door",
        "localaws.iam",
        "localaws.moto",
        "localaws.services",
    },
    "localaws.server": {"localaws.assembly", "localaws.control", "localaws.core"},
    "localaws.commands": {"localaws.core", "localaws.isolation", "localaws.server"},
    "localaws.__main__": {"localaws.commands"},
}


def modules(source: Path) -> dict[str, Path]:
    """Every module below ``source`` by its dotted name."""
    found = {".".join(path.relative_to(source).with_suffix("").parts): path for path in sorted(source.rglob("*.py"))}
    return {name.removesuffix(".__init__"): path for name, path in found.items()}


def import_graph(source: Path) -> Graph:
    known = modules(source)
    return {name: {found for found in _imported(path, known) if found != name} for name, path in known.items()}


def with_parents(graph: Graph) -> Graph:
    """The graph with the packages that each import runs on its way."""
    return {
        name: {
            *imported,
            *(parent for one in imported for parent in _parents(one) if not f"{name}.".startswith(f"{parent}.")),
        }
        for name, imported in graph.items()
    }


def _imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level and node.module, f"{path}:{node.lineno}: a relative import, which is not read here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in known else node.module for name in names if node.module in known)


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def rooms(graph: Graph) -> Graph:
    """The same graph with a node for each room instead of each module."""
    found: Graph = {}
    for name, imported in graph.items():
        found.setdefault(_room(name), set()).update(_room(one) for one in imported if _room(one) != _room(name))
    return found


def _room(module: str) -> str:
    """``localaws.core`` of ``localaws.core.store``; each service is a room of its own."""
    parts = module.split(".")
    return ".".join(parts[: 3 if parts[:2] == ["localaws", "services"] else 2])


def circle(graph: Graph) -> list[str] | None:
    """The names along the shortest circle, its first repeated at its end; None where there is none."""
    found = [way for start in sorted(graph) if (way := _way_back(start, graph))]
    return min(found, key=len, default=None)


def _way_back(start: str, graph: Graph) -> list[str] | None:
    """The shortest way by which ``start`` imports itself."""
    ways, seen = [[start]], {start}
    for way in ways:  # which grows while it is read: first the short ways, then the long ones
        if start in graph[way[-1]]:
            return [*way, start]
        further = sorted(graph[way[-1]] - seen)
        seen.update(further)
        ways += [[*way, one] for one in further]
    return None


def in_room(module: str, room: str) -> bool:
    return f"{module}.".startswith(f"{room}.")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return import_graph(SOURCE)


def test_no_module_imports_itself_in_a_circle(graph: Graph) -> None:
    found = circle(with_parents(graph))
    assert found is None, " -> ".join(found)


def test_no_room_imports_itself_in_a_circle(graph: Graph) -> None:
    found = circle(rooms(graph))
    assert found is None, " -> ".join(found)


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_imports_only_the_floors_below_it(graph: Graph, room: str) -> None:
    allowed = {room, *FLOORS[room]}
    for module in (name for name in graph if in_room(name, room)):
        above = sorted(one for one in graph[module] if not any(in_room(one, floor) for floor in allowed))
        assert not above, f"{module} imports {', '.join(above)}; it may import {', '.join(sorted(allowed))}"


def test_every_module_stands_on_a_floor(graph: Graph) -> None:
    assert {name for name in graph if not any(in_room(name, room) for room in FLOORS)} == {"localaws"}


def test_one_module_alone_knows_the_front_door_enforcement_and_the_services(graph: Graph) -> None:
    for one in ("localaws.front_door.application", "localaws.iam.enforcement", "localaws.services"):
        assert {name for name in graph if one in graph[name]} == {"localaws.assembly"}, one


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package whose two modules know nothing of each other; tests add what makes a circle."""
    (tmp_path / "p").mkdir()
    for name in ("__init__", "a", "b"):
        (tmp_path / "p" / f"{name}.py").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "back",
    [
        "import p.a",
        "from p import a",
        "from p.a import f",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import f",
        "def g():\n    from p.a import f\n    return f",
    ],
)
def test_a_circle_is_found_however_it_is_closed(package: Path, back: str) -> None:
    (package / "p" / "a.py").write_text("from p.b import g\n")
    assert circle(with_parents(import_graph(package))) is None
    (package / "p" / "b.py").write_text(back)
    assert circle(with_parents(import_graph(package))) == ["p.a", "p.b", "p.a"]


def test_a_circle_through_a_package_that_an_import_runs_is_found(package: Path) -> None:
    (package / "q").mkdir()
    (package / "q" / "__init__.py").write_text("from p.a import f\n")
    (package / "q" / "c.py").write_text("")
    (package / "p" / "a.py").write_text("from q.c import g\n")
    assert circle(import_graph(package)) is None
    assert circle(with_parents(import_graph(package))) == ["p.a", "q", "p.a"]
