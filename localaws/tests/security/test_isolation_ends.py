"""Nothing that a run has started outlives it: its own end, a stop, and the end of the server, however it comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.processes import running, wait_until_gone, wait_until_running
from tests.security.attacked_server import AttackedServer, a_mark, attacked_server, require

# Ways to leave a process behind; MARK is what it sleeps for.
DAEMONS = {
    "setsid": "setsid sleep MARK >/dev/null 2>&1 &",
    "nohup": "nohup sleep MARK >/dev/null 2>&1 &",
    "double fork": "(setsid sh -c '(setsid nohup sleep MARK >/dev/null 2>&1 &) & exit' &) ; sleep 0.3",
    "ignores SIGTERM": "setsid sh -c 'trap \"\" TERM HUP INT; sleep MARK' >/dev/null 2>&1 &",
    "keeps the output": "setsid sleep MARK &",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedServer]:
    require("mount")
    with attacked_server(tmp_path_factory.mktemp("daemons")) as server:
        yield server


@pytest.mark.parametrize("way", DAEMONS)
def test_a_daemon_ends_with_its_build(server: AttackedServer, way: str) -> None:
    mark = a_mark()
    build = server.build(f"ended-{way.replace(' ', '-')}", [DAEMONS[way].replace("MARK", mark), "echo done"])
    assert build["buildStatus"] == "SUCCEEDED"
    wait_until_gone(mark)


@pytest.mark.parametrize("way", DAEMONS)
def test_a_daemon_ends_with_its_job(server: AttackedServer, way: str) -> None:
    mark = a_mark()
    name = f"ended-{way.replace(' ', '-')}"
    server.site.process(name, _script(DAEMONS[way].replace("MARK", mark)))
    wait_until_gone(mark)


def test_a_daemon_ends_with_stop_build(server: AttackedServer) -> None:
    mark = a_mark()
    build = server.start_build("stopped", [DAEMONS["ignores SIGTERM"].replace("MARK", mark), f"sleep {mark}"])
    wait_until_running(mark)
    server.client("codebuild").stop_build(id=build["id"])
    assert server.finished(build)["buildStatus"] == "STOPPED"
    wait_until_gone(mark)


def test_a_daemon_ends_with_stop_processing_job(server: AttackedServer) -> None:
    mark = a_mark()
    server.site.start_processing("stopped", _script(f"setsid sleep {mark} & sleep {mark}"))
    wait_until_running(mark)
    server.site.sagemaker.stop_processing_job(ProcessingJobName="stopped")
    assert server.site.ended("processing", "stopped")["ProcessingJobStatus"] == "Stopped"
    wait_until_gone(mark)


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGKILL"])
def test_everything_ends_with_the_server(tmp_path: Path, ending: str) -> None:
    require("mount")
    mark = a_mark()
    with attacked_server(tmp_path) as server:
        server.start_build("of-the-server", [DAEMONS["ignores SIGTERM"].replace("MARK", mark), f"sleep {mark}"])
        server.site.start_processing("of-the-server", _script(f"setsid sleep {mark} & sleep {mark}"))
        while len(running(mark)) < 4:
            wait_until_running(mark)
        if ending == "SIGKILL":
            server.process.kill()
        else:
            server.process.stop()
        wait_until_gone(mark)


def _script(command: str) -> str:
    return f"import subprocess\nsubprocess.run(['sh', '-c', {command!r}])\n"
