"""Which way of closing runs in is taken, and what is said of the ways that fail; limits by types' names and cgroups."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.isolation.control_groups import ControlGroup, find_parent
from localaws.isolation.levels import ALL, Level
from localaws.isolation.limits import Limits, of_compute_type, of_instance_type
from localaws.isolation.process import Run, specify
from localaws.isolation.trials import strongest
from localaws.isolation.views import View

WITHOUT_NETWORK = ("mount", "pid", "uts", "ipc")
WAYS = (Level("bubblewrap", ALL, "/usr/bin/bwrap"), Level("namespaces", ALL), Level("namespaces", WITHOUT_NETWORK))
RUN = Run(["true"], {}, "/", View(()), "algo-1", "endpoint")


def test_the_first_way_that_works_is_taken() -> None:
    assert strongest(iter(WAYS), lambda way: None) == WAYS[0]
    assert strongest(iter(WAYS), lambda way: "no setuid" if way.maker == "bubblewrap" else None) == WAYS[1]


def test_what_the_way_lacks_is_a_weakness_with_its_reason() -> None:
    found = strongest(iter(WAYS), lambda way: "refused by policy" if "network" in way.namespaces else None)
    assert found.namespaces == WITHOUT_NETWORK
    (weakness,) = found.weaknesses
    assert weakness.startswith("jobs share this machine's network")
    assert "(refused by policy)" in weakness


def test_where_nothing_works_builds_run_open_and_that_is_said() -> None:
    found = strongest(iter(WAYS), lambda way: "not permitted")
    assert (found.maker, found.has_file_systems) == ("none", False)
    assert "builds are not closed in" in found.weaknesses[0]
    assert "(not permitted)" in found.weaknesses[0]


@pytest.mark.parametrize(
    ("network", "level", "namespace", "port"),
    [
        ("endpoint", Level("namespaces", ALL), True, 4566),
        ("none", Level("namespaces", ALL), True, 0),
        ("machine", Level("namespaces", ALL), False, 0),
        ("endpoint", Level("namespaces", WITHOUT_NETWORK), False, 0),
    ],
)
def test_a_run_is_given_the_network_that_it_asked_for(network: str, level: Level, namespace: bool, port: int) -> None:
    run = Run(["true"], {}, "/", View(()), "algo-1", network)  # type: ignore[arg-type]
    made = specify(run, level, "/folder", 4566)
    assert ("network" in made["namespaces"], made["endpoint_port"]) == (namespace, port)


def test_the_environment_of_a_run_is_data_of_its_specification() -> None:
    run = Run(["true"], {"LD_PRELOAD": "/evil.so"}, "/", View(()))
    assert specify(run, Level("namespaces", ALL), "/folder")["environment"] == {"LD_PRELOAD": "/evil.so"}


GIB = 1024**3


@pytest.mark.parametrize(
    ("name", "cpus", "gib"),
    [
        ("ml.m5.large", 2, 8),
        ("ml.m5.4xlarge", 16, 64),
        ("ml.c5.9xlarge", 36, 72),
        ("ml.r5.xlarge", 4, 32),
        ("ml.t3.medium", 2, 4),
        ("ml.m7i.24xlarge", 96, 384),
        ("ml.p3.2xlarge", None, None),
        ("ml.m4.xlarge", None, None),
        ("anything", None, None),
        (None, None, None),
    ],
)
def test_limits_are_those_of_the_instance_type_or_unknown(name: str | None, cpus: int | None, gib: int | None) -> None:
    found = of_instance_type(name)
    assert (found.cpus, found.memory_bytes) == (cpus, gib and gib * GIB)


def test_limits_of_a_build_are_those_of_its_compute_type() -> None:
    assert of_compute_type("BUILD_GENERAL1_MEDIUM") == Limits(4, 8 * GIB)
    assert of_compute_type("ATTRIBUTE_BASED_COMPUTE") == Limits()


def test_a_machine_without_cgroups_v2_says_so(tmp_path: Path) -> None:
    parent, why = find_parent(tmp_path, tmp_path / "cgroup")
    assert parent is None
    assert "is not cgroups v2" in why


def test_a_group_has_the_limits_of_its_run(tmp_path: Path) -> None:
    group = ControlGroup(tmp_path / "run", Limits(2, 8 * GIB, 100))
    written = {file.name: file.read_text() for file in (tmp_path / "run").iterdir()}
    assert written == {"pids.max": "100", "memory.max": str(8 * GIB), "cpu.max": "200000 100000"}
    assert group.member_file == str(tmp_path / "run/cgroup.procs")
    assert RUN.limits == Limits()
