"""One transform job, from its objects in S3 to their ``.out``: the run itself, and nothing of the API.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack
from functools import partial
from typing import Any

from localaws.core.caller import Caller
from localaws.core.cloud import Cloud
from localaws.services.sagemaker.jobs.batching import Batch
from localaws.services.sagemaker.jobs.inference import ModelNotServedError, ServedContainer, toolkit_of
from localaws.services.sagemaker.jobs.installation import Installation
from localaws.services.sagemaker.jobs.invocation import Invocations
from localaws.services.sagemaker.jobs.logs import LogStream
from localaws.services.sagemaker.jobs.metrics import HostMetrics
from localaws.services.sagemaker.jobs.model_environment import ModelEnvironment
from localaws.services.sagemaker.jobs.model_files import provide_model
from localaws.services.sagemaker.jobs.objects import JobObjects, S3Location, S3Object
from localaws.services.sagemaker.jobs.outcome import JobFailedError, JobStoppedError
from localaws.services.sagemaker.jobs.python_environments import PythonEnvironments
from localaws.services.sagemaker.jobs.records import SERVER_STOPPED, TRANSFORM
from localaws.services.sagemaker.jobs.role import SESSION_NAME, role_caller
from localaws.services.sagemaker.jobs.running import job_files
from localaws.services.sagemaker.jobs.sandbox import ContainerDirectory
from localaws.services.sagemaker.jobs.server_pool import ServerPool
from localaws.services.sagemaker.jobs.serving_images import serving_image
from localaws.services.sagemaker.jobs.transform_objects import ObjectTransform, TransformSettings

_MOST_SERVERS = 2
_LOOK_EVERY = 0.05
_MEASURE_EVERY = 1.0
_SHOWN_FAILURES = 3
_MOST_REQUESTS_AT_ONCE = 100


class TransformRun:
    """The run of one job: ``job`` is its document, ``model`` that of its model with every container resolved."""

    def __init__(
        self,
        cloud: Cloud,
        job: dict[str, Any],
        model: dict[str, Any],
        environments: PythonEnvironments,
        account: str,
        region: str,
        stop: threading.Event,
    ) -> None:
        self._cloud = cloud
        self._job = job
        self._model = model
        self._environments = environments
        self._stop = stop
        self._service = Caller.root(account, region)
        role = role_caller(model["ExecutionRoleArn"], region)
        self._objects = JobObjects(cloud.client("s3", role), role)
        self._name: str = job["TransformJobName"]
        self._root = job_files(cloud, TRANSFORM) / account / region / self._name
        self._settings = TransformSettings.from_job(job)
        self._instance = "i-" + hashlib.sha256(job["TransformJobArn"].encode()).hexdigest()[:17]
        started = int(cloud.clock.now().timestamp() * 1000)
        self._stream = f"{self._name}/{self._instance}-{started}"
        self._data_log = self._log(f"{self._stream}/data-log")
        self._metrics = HostMetrics(cloud, self._service, TRANSFORM.namespace, f"{self._name}/{self._instance}")
        self._measured = time.monotonic()
        self._failures: list[str] = []

    def run(self) -> None:
        """Run to the end. Raises JobFailedError or JobStoppedError."""
        shutil.rmtree(self._root, ignore_errors=True)
        with ExitStack() as cleanup:
            cleanup.callback(shutil.rmtree, self._root, ignore_errors=True)
            cleanup.callback(self._data_log.close)
            containers = self._containers(cleanup)
            pool = ServerPool(containers, self._servers())
            cleanup.callback(self._metrics.put)
            cleanup.callback(lambda: self._metrics.sample(pool.usage))
            cleanup.callback(pool.end)
            loading = pool.start_one()
            source = self._job["TransformInput"]["DataSource"]["S3DataSource"]
            objects = self._objects.find(source["S3Uri"], source["S3DataType"])
            self._say_settings(len(objects))
            self._await([loading], pool)
            self._transform(objects, pool)
        if self._failures:
            shown = "; ".join(self._failures[:_SHOWN_FAILURES])
            raise JobFailedError(
                f"ClientError: {len(self._failures)} of {len(objects)} objects failed: {shown}. "
                f"See job logs for more information: {TRANSFORM.log_group} {self._stream}"
            )

    def _servers(self) -> int:
        """SageMaker sends MaxConcurrentTransforms requests at a time to each instance; here all share two servers."""
        wanted = (self._job.get("MaxConcurrentTransforms") or 1) * self._job["TransformResources"]["InstanceCount"]
        return min(wanted, _MOST_SERVERS, max(os.cpu_count() or 1, 1))

    def _containers(self, cleanup: ExitStack) -> list[ServedContainer]:
        credentials = self._cloud.container_credentials.grant(self._model["ExecutionRoleArn"], SESSION_NAME)
        cleanup.callback(self._cloud.container_credentials.revoke, credentials)
        found = self._model["Containers"]
        served = []
        for number, container in enumerate(found, 1):
            name = container.get("ContainerHostname", f"container-{number}")
            log = self._log(self._stream if len(found) == 1 else f"{self._stream}/{name}")
            cleanup.callback(log.close)
            directory = ContainerDirectory(self._root / f"container-{number}")
            environment = {**credentials, **self._environment(container)}
            served.append(self._served(container, directory, environment, log))
        return served

    def _served(
        self, container: dict[str, Any], directory: ContainerDirectory, environment: dict[str, str], log: LogStream
    ) -> ServedContainer:
        image = serving_image(container["Image"])
        files = provide_model(self._objects, container, image, directory)
        isolated = bool(self._model.get("EnableNetworkIsolation"))
        downloads = self._cloud.kept_directory("pip-downloads")
        installation = Installation(self._cloud.enclosure, directory, downloads, log, self._look)
        python = ModelEnvironment(image, files, isolated, self._environments, installation).python()
        toolkit = toolkit_of(image)
        return ServedContainer(
            self._cloud.enclosure,
            directory,
            python,
            files.program,
            toolkit,
            environment,
            isolated,
            self._job["TransformResources"]["InstanceType"],
            log.write,
        )

    def _environment(self, container: dict[str, Any]) -> dict[str, str]:
        """What SageMaker tells the container of a transform job, and what the user gave.

        https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
        """
        told = {"AWS_REGION": self._service.region, "SAGEMAKER_BATCH": "true"}
        if "MaxPayloadInMB" in self._job:
            told["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(self._job["MaxPayloadInMB"])
        if "BatchStrategy" in self._job:
            words = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}
            told["SAGEMAKER_BATCH_STRATEGY"] = words[self._job["BatchStrategy"]]
        if "MaxConcurrentTransforms" in self._job:
            told["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(self._job["MaxConcurrentTransforms"])
        return {**told, **container.get("Environment", {}), **self._job.get("Environment", {})}

    def _transform(self, objects: list[S3Object], pool: ServerPool) -> None:
        """Transform every object; some are under way at a time, so that no server waits for a download."""
        under_way: deque[_ObjectUnderWay] = deque()
        for item in objects:
            begun = self._begin(item, pool)
            if begun is not None:
                under_way.append(begun)
            while len(under_way) > _MOST_SERVERS:
                self._finish(under_way.popleft(), pool)
        while under_way:
            self._finish(under_way.popleft(), pool)

    def _begin(self, item: S3Object, pool: ServerPool) -> _ObjectUnderWay | None:
        try:
            transform = ObjectTransform(self._objects.read(item.location), self._settings)
        except (ValueError, JobFailedError) as error:
            self._object_failed(item, error)
            return None
        invocations = Invocations.from_job(self._job, self._settings, self._attempt_failed(item))
        responses = [
            pool.submit(partial(invocations.respond, records=transform.records, requests=some))
            for some in _shares(transform.requests)
        ]
        return _ObjectUnderWay(item, transform, responses)

    def _finish(self, begun: _ObjectUnderWay, pool: ServerPool) -> None:
        try:
            self._await(begun.responses, pool)
            output = begun.transform.output([body for some in begun.responses for body in some.result()])
            wanted = self._job["TransformOutput"]
            target = S3Location.parse(wanted["S3OutputPath"]).below(f"{begun.item.relative}.out")
            self._objects.write(target, output, wanted.get("KmsKeyId"))
        except ValueError as error:
            for response in begun.responses:
                response.cancel()
            self._object_failed(begun.item, error)

    def _await(self, futures: list[Future[Any]], pool: ServerPool) -> None:
        """Wait for all and raise what the first failure raised; JobStoppedError and JobFailedError on the way."""
        pending = set(futures)
        while pending:
            done, pending = wait(pending, _LOOK_EVERY, "FIRST_EXCEPTION")
            self._look()
            if time.monotonic() - self._measured > _MEASURE_EVERY:
                self._measured = time.monotonic()
                self._metrics.sample(pool.usage)
            try:
                for future in done:
                    future.result()
            except ModelNotServedError as error:
                raise JobFailedError(
                    f"AlgorithmError: The model could not be loaded: {error}. "
                    f"See job logs for more information: {TRANSFORM.log_group} {self._stream}"
                ) from error

    def _look(self) -> None:
        """Raise what ends the run, where something does."""
        if self._stop.is_set():
            raise JobStoppedError
        if self._cloud.workers.stopping.is_set():
            raise JobFailedError(SERVER_STOPPED)

    def _object_failed(self, item: S3Object, error: Exception) -> None:
        self._failures.append(f"{item.location}: {error}")
        self._say(f"{item.location.bucket}/{item.location.key}: {error}")

    def _attempt_failed(self, item: S3Object) -> Callable[[str], None]:
        name = f"{item.location.bucket}/{item.location.key}"
        return lambda reason: self._say(f"{name}: Bad HTTP status received from algorithm: 500, {reason}")

    def _say_settings(self, objects: int) -> None:
        settings = self._settings
        self._say(
            f"MaxConcurrentTransforms={self._job.get('MaxConcurrentTransforms') or 1}, "
            f"MaxPayloadInMB={settings.payload_limit // 1024**2}, BatchStrategy={settings.strategy}, objects={objects}"
        )
        for path in (settings.processing.input_filter, settings.processing.output_filter):
            if path.has_explicit_end:
                self._say(
                    f"Warning: {path.text} selects up to but not including its end. SageMaker's guide calls the end "
                    "inclusive, public code relies on the opposite: check on AWS before you depend on it."
                )

    def _say(self, text: str) -> None:
        now = self._cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self._data_log.line(f"{now}:[sagemaker logs]: {text}")

    def _log(self, stream: str) -> LogStream:
        return LogStream(self._cloud, self._service, TRANSFORM.log_group, stream)


def _shares(requests: list[Batch]) -> Iterator[list[Batch]]:
    """Requests as they are handed to a server: some at a time, where an object has very many."""
    size = min(_MOST_REQUESTS_AT_ONCE, -(-len(requests) // (2 * _MOST_SERVERS)) or 1)
    return (requests[start : start + size] for start in range(0, len(requests), size))


class _ObjectUnderWay:
    def __init__(self, item: S3Object, transform: ObjectTransform, responses: list[Future[list[bytes]]]) -> None:
        self.item = item
        self.transform = transform
        self.responses = responses
