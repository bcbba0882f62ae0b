"""The rooms of ``scripts`` and who may import whom: no circle, and only downwards.

Counted are all imports: at a module's top, inside functions, and for type checkers alone.

| room | may import | is imported by |
|---|---|---|
| verbs | all but repository | nobody but each other |
| local_cloud | terminal, workspace, errors | verbs |
| flows | terminal, workspace, gateways, decisions, errors | verbs |
| workspace | decisions, errors; of gateways the two tables that need no call (TABLES) | all above, repository |
| gateways | decisions, errors | flows, verbs (types alone), workspace and repository as said |
| decisions | errors | everybody |
| terminal (at the side) | decisions, errors: it shows what it is handed | verbs, local_cloud, flows, repository |
| serving (at the side) | nothing: it runs in a model's container, and is read as text | nobody but each other |
| repository (at the side) | terminal, workspace, decisions, errors; gateways as workspace | nobody |
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"
Graph = dict[str, set[str]]

ALLOWED = {
    "verbs": {"verbs", "local_cloud", "flows", "terminal", "workspace", "gateways", "decisions", "errors"},
    "local_cloud": {"local_cloud", "terminal", "workspace", "errors"},
    "flows": {"flows", "terminal", "workspace", "gateways", "decisions", "errors"},
    "workspace": {"workspace", "gateways", "decisions", "errors"},
    "gateways": {"gateways", "decisions", "errors"},
    "terminal": {"terminal", "decisions", "errors"},
    "repository": {"repository", "terminal", "workspace", "gateways", "decisions", "errors"},
    "decisions": {"decisions", "errors"},
    "errors": set(),
    "serving": {"serving"},
}
# What rooms that talk to nobody may take of the gateways: tables out of the installed botocore.
TABLES = {"scripts.gateways.instance_types", "scripts.gateways.regions"}
MEASURED = re.compile(r"#.*\b\d[\d,]* ms\b")


def read_sources(folder: Path) -> dict[str, str]:
    """The source of every module below ``folder``, by its dotted name; a package by its own name."""
    return {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"): path.read_text()
        for path in sorted(folder.rglob("*.py"))
    }


def import_graph(sources: Mapping[str, str]) -> Graph:
    """Which of these modules each one imports. Importing a name from a package means the module of that name."""
    return {module: set(_imported(module, text, sources)) - {module} for module, text in sources.items()}


def _imported(module: str, text: str, known: Mapping[str, str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively, which this graph does not read"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in known:
                    yield inner
                elif node.module in known:
                    yield str(node.module)


def circle(graph: Graph) -> list[str]:
    """One circle, from a module back to itself; empty where there is none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for imported in sorted(graph[module]):
            found = visit(imported, [*path, module])
            if found:
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := visit(module, []))), [])


def upward(graph: Graph) -> list[str]:
    """Imports that the table of rooms does not allow."""
    return [
        f"{module} imports {imported}"
        for module, targets in sorted(graph.items())
        for imported in sorted(targets)
        if not _may_import(module, imported)
    ]


def _may_import(module: str, imported: str) -> bool:
    room, target = _room(module), _room(imported)
    if target == "gateways" and room in ("workspace", "repository"):
        return imported in TABLES
    return target in ALLOWED[room]


def _room(module: str) -> str:
    return module.split(".")[1]


def unmeasured(sources: Mapping[str, str]) -> list[str]:
    """Imports inside functions that no comment above them excuses with milliseconds."""
    found = []
    for module, text in sources.items():
        lines = text.splitlines()
        for function in ast.walk(ast.parse(text)):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            inside = sorted(node.lineno for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))
            above = lines[function.lineno : inside[0]] if inside else []
            if inside and not any(MEASURED.search(line) for line in above):
                found.append(f"{module}: {function.name} imports in line {inside[0]}")
    return found


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return {name: text for name, text in read_sources(SCRIPTS).items() if name != "scripts"}


def test_there_is_no_circle(sources: dict[str, str]) -> None:
    assert circle(import_graph(sources)) == []


def test_rooms_import_only_downwards(sources: dict[str, str]) -> None:
    assert upward(import_graph(sources)) == []


def test_every_room_is_in_the_table(sources: dict[str, str]) -> None:
    assert {_room(module) for module in sources} == ALLOWED.keys()


def test_an_import_inside_a_function_says_how_many_milliseconds_it_spares(sources: dict[str, str]) -> None:
    assert unmeasured(sources) == []


def test_no_attribute_is_read_for_its_side_effect(sources: dict[str, str]) -> None:
    for module, text in sources.items():
        for node in ast.walk(ast.parse(text)):
            reads = isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute | ast.Name)
            assert not reads, f"{module} line {getattr(node, 'lineno', 0)}"


# That these tests can fail: the same functions, on modules that break the rules.
CIRCLE = {
    "scripts.flows.a": "from scripts.flows import b",
    "scripts.flows.b": "def later():\n    from scripts.flows.c import thing",
    "scripts.flows.c": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import scripts.flows.a",
}


def test_a_circle_by_late_and_type_only_imports_is_found() -> None:
    assert circle(import_graph(CIRCLE)) == ["scripts.flows.a", "scripts.flows.b", "scripts.flows.c", "scripts.flows.a"]
    for module in CIRCLE:
        assert circle(import_graph({**CIRCLE, module: ""})) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("scripts.flows.a", "scripts.verbs.b"),
        ("scripts.decisions.a", "scripts.gateways.b"),
        ("scripts.workspace.a", "scripts.gateways.b"),
        ("scripts.terminal.a", "scripts.gateways.b"),
        ("scripts.gateways.a", "scripts.terminal.b"),
        ("scripts.flows.a", "scripts.repository.b"),
        ("scripts.flows.a", "scripts.local_cloud.b"),
    ],
)
def test_an_import_upwards_is_found(module: str, imported: str) -> None:
    broken = {module: f"def late():\n    from {imported} import thing", imported: "thing = 1"}
    assert upward(import_graph(broken)) == [f"{module} imports {imported}"]


def test_a_late_import_without_a_figure_is_found() -> None:
    late = "def main():\n    {}\n    import json\n"
    assert unmeasured({"scripts.verbs.a": late.format("# it is slow")})
    assert unmeasured({"scripts.verbs.a": late.format("# this takes 30 ms")}) == []
