"""Much at once: it waits for its turn, and nobody else waits for it longer than that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from localaws.server import Server
from tests.functional.conftest import DEV, REGION
from tests.functional.job_site import JobSite
from tests.functional.server_process import ServerProcess, page


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that keeps its state, which it writes while requests come."""
    server = ServerProcess(tmp_path, [DEV], REGION)
    yield server
    server.stop()


def _client(server: ServerProcess, service: str) -> Any:
    return server.client(service, DEV)


def _waiting(server: Server | ServerProcess, kind: str) -> dict[str, int]:
    if isinstance(server, ServerProcess):
        health = server.page("/_localaws/health")
    else:
        health = page(server.endpoint_url, server.cloud.control_token, "/_localaws/health")
    found: dict[str, int] = health["limits"][kind]
    return found


def test_a_long_poll_keeps_nobody_from_writing(kept: ServerProcess, unique: str) -> None:
    sqs, ssm = _client(kept, "sqs"), _client(kept, "ssm")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    received: list[float] = []
    begun = time.monotonic()

    def poll() -> None:
        if sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages"):
            received.append(time.monotonic() - begun)

    poller = threading.Thread(target=poll)
    poller.start()
    for number in range(8):  # longer than a change waits before it is written
        ssm.put_parameter(Name=f"/{unique}", Value=str(number), Type="String", Overwrite=True)
        time.sleep(0.3)
    sqs.send_message(QueueUrl=url, MessageBody="now")
    poller.join(25)
    assert received, "the poll has ended without the message, which was sent after it"


def test_two_hundred_requests_at_once_are_all_answered(kept: ServerProcess, unique: str) -> None:
    sqs = _client(kept, "sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda n: sqs.send_message(QueueUrl=url, MessageBody=str(n)), range(400)))
    assert len({answer["MessageId"] for answer in answers}) == 400
    assert _waiting(kept, "requests") == {"at_once": 32, "running": 0, "waiting": 0}


def test_jobs_beyond_the_limit_wait_in_progress_and_can_be_stopped(server: Server, site: JobSite, unique: str) -> None:
    at_once = _waiting(server, "jobs")["at_once"]
    names = [f"{unique}-{number}" for number in range(at_once + 3)]
    for name in names:
        site.start_processing(name, "import time; time.sleep(100)")
    _until(lambda: _waiting(server, "jobs") == {"at_once": at_once, "running": at_once, "waiting": 3})
    last = _job(site, names[-1])
    assert (last["ProcessingJobStatus"], "ProcessingStartTime" in last) == ("InProgress", False)
    _stop(site, names[-1])
    assert site.ended("processing", names[-1])["ProcessingJobStatus"] == "Stopped"
    for name in names[:at_once]:
        _stop(site, name)
    _until(lambda: all("ProcessingStartTime" in _job(site, name) for name in names[at_once:-1]))
    for name in names[at_once:-1]:
        _stop(site, name)
    _until(lambda: _waiting(server, "jobs") == {"at_once": at_once, "running": 0, "waiting": 0})
    assert {_job(site, name)["ProcessingJobStatus"] for name in names} == {"Stopped"}


def test_a_job_that_prints_line_by_line_loses_none(site: JobSite, unique: str) -> None:
    script = "for number in range(20_000): print(number, flush=True)"
    assert site.process(unique, script)["ProcessingJobStatus"] == "Completed"
    logs, group = site.client("logs"), "/aws/sagemaker/ProcessingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{unique}/")["logStreams"]
    place = {"logGroupName": group, "logStreamName": stream["logStreamName"], "startFromHead": True}
    lines: list[str] = []
    page = logs.get_log_events(**place)
    while page["events"]:
        lines += [event["message"] for event in page["events"]]
        page = logs.get_log_events(**place, nextToken=page["nextForwardToken"])
    assert lines == [str(number) for number in range(20_000)]


def _job(site: JobSite, name: str) -> dict[str, Any]:
    job: dict[str, Any] = site.sagemaker.describe_processing_job(ProcessingJobName=name)
    return job


def _stop(site: JobSite, name: str) -> None:
    site.sagemaker.stop_processing_job(ProcessingJobName=name)


def _until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.1)
