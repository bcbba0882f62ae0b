from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.pipelines.ordering import find_cycle, ready, unreachable

NAMES = st.lists(st.text("abcdefgh", min_size=1, max_size=3), unique=True, min_size=1, max_size=8)


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, set[str]]:
    """A graph in which each step waits for earlier ones only, its keys in any order."""
    names = draw(NAMES)
    graph = {name: set(draw(st.lists(st.sampled_from(names[:at])))) if at else set() for at, name in enumerate(names)}
    return {name: graph[name] for name in draw(st.permutations(names))}


@given(acyclic())
def test_running_what_is_ready_runs_all_in_order(graph: dict[str, set[str]]) -> None:
    done: set[str] = set()
    while names := ready(graph, done, done):
        assert all(graph[name] <= done for name in names)
        done |= set(names)
    assert done == set(graph)


@given(acyclic())
def test_no_cycle_is_found_where_there_is_none(graph: dict[str, set[str]]) -> None:
    assert find_cycle(graph) is None


@given(acyclic(), st.data())
def test_a_cycle_is_found_and_each_step_of_it_waits_for_the_next(
    graph: dict[str, set[str]], data: st.DataObject
) -> None:
    ring = data.draw(st.permutations(list(graph)))
    for name, following in zip(ring, [*ring[1:], ring[0]], strict=True):
        graph[name] = graph[name] | {following}
    cycle = find_cycle(graph)
    assert cycle is not None
    assert cycle[0] == cycle[-1]
    assert all(following in graph[name] for name, following in pairwise(cycle))


@given(acyclic(), st.data())
def test_what_waits_for_a_skipped_step_is_skipped(graph: dict[str, set[str]], data: st.DataObject) -> None:
    skipped = data.draw(st.sets(st.sampled_from(list(graph))))
    found = unreachable(graph, skipped)
    assert skipped <= found
    for name, waits_for in graph.items():
        assert (name in found) == (name in skipped or bool(waits_for & found))


@pytest.mark.parametrize("begun", [{"a"}, {"a", "b"}])
def test_a_step_starts_once(begun: set[str]) -> None:
    graph: dict[str, set[str]] = {"a": set(), "b": set(), "c": {"a"}}
    assert not set(ready(graph, set(), begun)) & begun
