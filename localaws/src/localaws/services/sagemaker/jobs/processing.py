"""One processing job, from its inputs in S3 to its outputs there: the run itself, and nothing of the API.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localaws.core.caller import Caller
from localaws.core.cloud import Cloud
from localaws.isolation.enclosure import Enclosure
from localaws.isolation.left_files import opened_file
from localaws.services.sagemaker.jobs.logs import LogStream
from localaws.services.sagemaker.jobs.metrics import HostMetrics
from localaws.services.sagemaker.jobs.objects import JobObjects, shard
from localaws.services.sagemaker.jobs.outcome import JobFailedError, JobStoppedError
from localaws.services.sagemaker.jobs.outputs import OutputUpload
from localaws.services.sagemaker.jobs.records import PROCESSING, SERVER_STOPPED
from localaws.services.sagemaker.jobs.role import SESSION_NAME, role_caller
from localaws.services.sagemaker.jobs.running import job_files
from localaws.services.sagemaker.jobs.sandbox import Command, ContainerDirectory, ContainerProcess

_PYTHONS = ("python", "python3", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
_MESSAGE_BYTES = 1024
_MOST_READ = 1 << 20
_LOOK_EVERY = 0.02  # seconds between looks at the children
_MEASURE_EVERY = 1.0


class ProcessingRun:
    """The run of one job. ``job`` is the job's document; ``stop`` is set when somebody stops it."""

    def __init__(self, cloud: Cloud, job: dict[str, Any], account: str, region: str, stop: threading.Event) -> None:
        self._cloud = cloud
        self._job = job
        self._name: str = job["ProcessingJobName"]
        self._stop = stop
        self._service = Caller.root(account, region)
        role = role_caller(job["RoleArn"], region)
        self._objects = JobObjects(cloud.client("s3", role), role)
        self._root = job_files(cloud, PROCESSING) / account / region / self._name
        count = job["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        self._host_names = [f"algo-{number}" for number in range(1, count + 1)]
        self._uploads: list[OutputUpload] = []

    def run(self) -> str | None:
        """Run to the end and return the ExitMessage. Raises JobFailedError or JobStoppedError."""
        shutil.rmtree(self._root, ignore_errors=True)
        try:
            with ExitStack() as cleanup:
                hosts = [self._host(name, cleanup) for name in self._host_names]
                self._download(hosts)
                self._wait(hosts, cleanup)
                message = self._conclude(hosts)
                for upload in self._uploads:
                    upload.finish()
                return message
        finally:
            shutil.rmtree(self._root, ignore_errors=True)

    def _host(self, name: str, cleanup: ExitStack) -> _Host:
        stream = f"{self._name}/{name}-{int(self._cloud.clock.now().timestamp() * 1000)}"
        host = _Host(
            name,
            ContainerDirectory(self._root / name),
            LogStream(self._cloud, self._service, PROCESSING.log_group, stream),
            HostMetrics(self._cloud, self._service, PROCESSING.namespace, f"{self._name}/{name}"),
        )
        cleanup.callback(host.end)
        host.write_configuration(self._job, self._host_names)
        for output in self._job.get("ProcessingOutputConfig", {}).get("Outputs", ()):
            folder = host.directory.outside(output["S3Output"]["LocalPath"])
            folder.mkdir(parents=True, exist_ok=True)
            name = folder.relative_to(host.directory.ml).as_posix()
            self._uploads.append(
                OutputUpload(self._objects, output["S3Output"], host.directory.ml, name, self._kms_key)
            )
        return host

    @property
    def _kms_key(self) -> str | None:
        return self._job.get("ProcessingOutputConfig", {}).get("KmsKeyId")

    def _download(self, hosts: list[_Host]) -> None:
        for source in self._job.get("ProcessingInputs", ()):
            s3 = source["S3Input"]
            found = self._objects.find(s3["S3Uri"], s3["S3DataType"])
            sharded = s3.get("S3DataDistributionType") == "ShardedByS3Key"
            for number, host in enumerate(hosts):
                folder = host.directory.outside(s3["LocalPath"])
                folder.mkdir(parents=True, exist_ok=True)
                self._objects.download(shard(found, number, len(hosts)) if sharded else found, folder)
                if self._stop.is_set():
                    raise JobStoppedError

    def _wait(self, hosts: list[_Host], cleanup: ExitStack) -> None:
        """Start every host's container and look after them until all have ended."""
        credentials = self._cloud.container_credentials.grant(self._job["RoleArn"], SESSION_NAME)
        cleanup.callback(self._cloud.container_credentials.revoke, credentials)
        command = self._command(credentials)
        addresses = {name: f"127.0.1.{number}" for number, name in enumerate(self._host_names, 1)}
        for host in hosts:
            host.start(self._cloud.enclosure, replace(command, host_name=host.name, hosts=addresses))
        started = measured = time.monotonic()
        stopped: JobStoppedError | None = None
        while any(host.process.running for host in hosts):
            if self._cloud.workers.stopping.is_set():
                raise JobFailedError(SERVER_STOPPED)
            stopped = stopped or self._reason_to_stop(time.monotonic() - started)
            if stopped or any(host.failed for host in hosts):
                for host in hosts:
                    host.stop()
            if time.monotonic() - measured > _MEASURE_EVERY:
                measured = time.monotonic()
                for host in hosts:
                    host.metrics.sample(host.process.usage)
            for upload in self._uploads:
                upload.look()
            time.sleep(_LOOK_EVERY)
        for upload in self._uploads:
            upload.look(last=True)
        if stopped and not any(host.failed_by_itself for host in hosts):
            raise stopped

    def _reason_to_stop(self, seconds: float) -> JobStoppedError | None:
        if self._stop.is_set():
            return JobStoppedError()
        limit = self._job["StoppingCondition"]["MaxRuntimeInSeconds"]
        if seconds > limit:
            return JobStoppedError(
                f"MaxRuntimeExceeded: the job ran longer than its MaxRuntimeInSeconds of {limit} seconds."
            )
        return None

    def _command(self, credentials: dict[str, str]) -> Command:
        specification = self._job["AppSpecification"]
        entrypoint = specification.get("ContainerEntrypoint")
        if not entrypoint:
            raise JobFailedError(
                f"ClientError: AppSpecification names no ContainerEntrypoint, so the image's own would run. The image "
                f"{specification['ImageUri']} cannot be run here: localaws runs no images. Give a ContainerEntrypoint."
            )
        program, *arguments = entrypoint
        if Path(program).name in _PYTHONS:
            program = sys.executable
        network = self._job.get("NetworkConfig", {})
        return Command(
            [program, *arguments, *specification.get("ContainerArguments", ())],
            {"AWS_REGION": self._service.region, **credentials, **self._job.get("Environment", {})},
            isolate_network=bool(network.get("EnableNetworkIsolation")),
            instance_type=self._job["ProcessingResources"]["ClusterConfig"]["InstanceType"],
        )

    def _conclude(self, hosts: list[_Host]) -> str | None:
        """The ExitMessage of hosts that all succeeded; JobFailedError where one did not."""
        message = _exit_message(hosts)
        for host in hosts:
            code = host.process.wait()
            host.log.close()
            if host.process.problem:
                raise JobFailedError(
                    f"ClientError: localaws cannot give the job its own /opt/ml here: {host.process.problem}."
                )
            if code != 0 and not host.asked_to_stop:
                said = message or "\n".join(host.log.last_lines)[-800:]
                raise JobFailedError(
                    f"AlgorithmError: {said}, exit code: {code}. See job logs: {PROCESSING.log_group} {host.log.name}",
                    message,
                )
        return message


class _Host:
    """One instance of the job: its files, its process, its log."""

    def __init__(self, name: str, directory: ContainerDirectory, log: LogStream, metrics: HostMetrics) -> None:
        self.name = name
        self.directory = directory
        self.log = log
        self.metrics = metrics
        self.process: ContainerProcess
        self.asked_to_stop = False

    @property
    def failed(self) -> bool:
        return not self.process.running and self.process.wait() != 0

    @property
    def failed_by_itself(self) -> bool:
        return self.failed and not self.asked_to_stop

    def write_configuration(self, job: dict[str, Any], host_names: list[str]) -> None:
        config = self.directory.ml / "config"
        config.mkdir()
        described = {
            key: value
            for key, value in job.items()
            if key not in ("ProcessingJobStatus", "CreationTime", "LastModifiedTime", "ProcessingStartTime")
        }
        (config / "processingjobconfig.json").write_text(json.dumps(described, default=_plain))
        hosts = {"current_host": self.name, "hosts": host_names}
        (config / "resourceconfig.json").write_text(json.dumps(hosts))
        (self.directory.ml / "processing").mkdir()

    def start(self, enclosure: Enclosure, command: Command) -> None:
        self.process = ContainerProcess(enclosure, self.directory, command, self.log.write)

    def stop(self) -> None:
        if not self.asked_to_stop and self.process.running:
            self.asked_to_stop = True
            self.process.stop()

    def end(self) -> None:
        """Leave nothing behind, however the run ended."""
        if not hasattr(self, "process"):
            return
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.metrics.sample(self.process.usage)
        self.metrics.put()


def _exit_message(hosts: list[_Host]) -> str | None:
    """What the containers left in /opt/ml/output/message, one after another, cut to 1 KB."""
    content = b""
    for host in hosts:
        with opened_file(host.directory.ml, "output/message") as file:
            content += file.read(_MOST_READ) if file else b""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise JobFailedError("ClientError: /opt/ml/output/message is not UTF-8.") from error
    return content[:_MESSAGE_BYTES].decode(errors="ignore") or None


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
