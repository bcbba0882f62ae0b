"""One hostile program in a job, in a job without network and in a build: each attack is refused, or finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.security.attacked_server import SECRET_VALUE, AttackedServer, attacked_server, environment_of, require

# What is refused, or answered with nothing, to whoever asks.
ESCAPES = (
    "read_a_file_of_the_users_home",
    "list_the_users_home",
    "list_the_state_directory",
    "read_files_of_other_runs",
    "write_into_the_users_home",
    "write_into_the_system",
    "write_into_localaws",
    "read_the_passwords",
    "find_the_secret_in_an_environment",
    "see_the_servers_process",
    "signal_the_server",
    "trace_the_server",
    "own_environment",
    "inherited_descriptors",
    "connect_to_a_socket_file",
    "make_a_device",
    "mount_a_file_system",
    "make_the_system_writable_again",
    "look_below_the_mounts_from_a_namespace",
    "change_a_setting_of_the_kernel",
)
OF_THE_NETWORK = ("connect_to_another_port", "connect_to_an_abstract_socket")
NEEDS_PROCESSES = (
    "find_the_secret_in_an_environment",
    "see_the_servers_process",
    "signal_the_server",
    "trace_the_server",
)
Seen = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedServer]:
    require("mount")
    with attacked_server(tmp_path_factory.mktemp("attacked")) as server:
        other = "open('/opt/ml/processing/of-another-run', 'w').write('x')\nimport time\ntime.sleep(3000)"
        server.site.start_processing("another", other)
        yield server


@pytest.fixture(scope="module")
def seen(server: AttackedServer) -> dict[str, Seen]:
    """What each kind of run got."""
    return {
        "job": server.attacked_by_job("job"),
        "isolated job": server.attacked_by_job("isolated", NetworkConfig={"EnableNetworkIsolation": True}),
        "build": server.attacked_by_build("build"),
    }


def escaped(result: dict[str, Any]) -> bool:
    """Whether the attack got something; of what is asked for as a list, an empty one is nothing."""
    return result.get("got") not in (None, [], "")


@pytest.mark.parametrize("run", ["job", "isolated job", "build"])
@pytest.mark.parametrize("attack", ESCAPES)
def test_an_attack_gets_nothing(seen: dict[str, Seen], run: str, attack: str) -> None:
    if attack in NEEDS_PROCESSES:
        require("pid")
    assert not escaped(seen[run][attack]), seen[run][attack]


def test_the_attacks_are_those_that_would_succeed_outside(server: AttackedServer) -> None:
    """Without a container the same program gets at these things: what the tests above see is the container's work."""
    assert (server.home / ".ssh/id_ed25519").read_text() == "the private key"
    assert SECRET_VALUE.encode() in environment_of(server.number)
    assert not (server.home / "written").exists()


@pytest.mark.parametrize("run", ["job", "isolated job"])
@pytest.mark.parametrize("attack", OF_THE_NETWORK)
def test_a_job_reaches_no_other_service_of_this_machine(seen: dict[str, Seen], run: str, attack: str) -> None:
    require("network")
    assert not escaped(seen[run][attack]), seen[run][attack]


def test_a_job_reaches_the_server_unless_it_is_isolated(seen: dict[str, Seen]) -> None:
    assert seen["job"]["ask_the_server"] == {"got": "localaws"}
    assert seen["build"]["ask_the_server"] == {"got": "localaws"}
    assert "refused" in seen["isolated job"]["ask_the_server"]


def test_a_build_has_the_machines_network(seen: dict[str, Seen]) -> None:
    """Builds install packages; the documentation says so, and this is where a change of it is noticed."""
    assert seen["build"]["connect_to_another_port"] == {"got": "connected"}


def test_runs_see_their_own_processes_alone_and_have_names_of_their_own(seen: dict[str, Seen]) -> None:
    require("pid")
    assert all(found["count_processes"]["got"] <= 6 for found in seen.values())
    names = [found["host_name"]["got"] for found in seen.values()]
    assert names == ["algo-1", "algo-1", "codebuild"]


def test_a_job_on_the_machines_network_reaches_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    require("mount")
    with attacked_server(tmp_path_factory.mktemp("open"), "--jobs-on-machine-network") as server:
        seen = server.attacked_by_job("job")
    assert seen["connect_to_another_port"] == {"got": "connected"}
    assert not escaped(seen["read_a_file_of_the_users_home"])
