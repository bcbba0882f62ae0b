"""Which step waits for which. Pure: steps in, a graph, a cycle or the steps that may start out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

Graph = Mapping[str, AbstractSet[str]]


def find_cycle(graph: Graph) -> list[str] | None:
    """The names along one cycle, the first repeated at the end; None where there is none."""
    finished: set[str] = set()
    for start in graph:
        path: list[str] = []
        stack: list[tuple[str, Iterable[str]]] = [(start, iter(sorted(graph[start])))]
        path.append(start)
        while stack:
            name, waiting_for = stack[-1]
            following = next(iter(waiting_for), None)
            if following is None:
                stack.pop()
                path.pop()
                finished.add(name)
            elif following in path:
                return [*path[path.index(following) :], following]
            elif following not in finished:
                stack.append((following, iter(sorted(graph.get(following, ())))))
                path.append(following)
    return None


def ready(graph: Graph, done: AbstractSet[str], begun: AbstractSet[str]) -> list[str]:
    """The steps that may start now: not begun, and everything they wait for is done; in the graph's order."""
    return [name for name, waits_for in graph.items() if name not in begun and waits_for <= done]


def unreachable(graph: Graph, skipped: AbstractSet[str]) -> set[str]:
    """``skipped`` and every step that waits, directly or not, for one of them."""
    found = set(skipped)
    grown = True
    while grown:
        more = {name for name, waits_for in graph.items() if name not in found and waits_for & found}
        grown = bool(more)
        found |= more
    return found
