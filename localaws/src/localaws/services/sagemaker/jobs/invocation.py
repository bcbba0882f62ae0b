"""One request of a transform job to its model: retries, and the search for the record that the model does not take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.services.sagemaker.jobs.batching import Batch, part
from localaws.services.sagemaker.jobs.inference import InvocationError, ModelServer
from localaws.services.sagemaker.jobs.splitting import Records
from localaws.services.sagemaker.jobs.transform_objects import TransformSettings

# SageMaker's defaults
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html
_TIMEOUT_SECONDS = 600
_RETRIES = 3


class RecordsRefusedError(ValueError):
    """The model did not answer a request, whatever was tried; the message names the record, or the records."""


@dataclass(frozen=True)
class Invocations:
    """How a job's requests are made. ``on_failure`` is told each attempt that failed."""

    settings: TransformSettings
    timeout: float
    retries: int
    on_failure: Callable[[str], None]

    @classmethod
    def from_job(
        cls, job: dict[str, Any], settings: TransformSettings, on_failure: Callable[[str], None]
    ) -> Invocations:
        client = job.get("ModelClientConfig", {})
        return cls(
            settings,
            client.get("InvocationsTimeoutInSeconds", _TIMEOUT_SECONDS),
            client.get("InvocationsMaxRetries", _RETRIES),
            on_failure,
        )

    def respond(self, server: ModelServer, records: Records, requests: Sequence[Batch]) -> list[bytes]:
        """The model's responses to ``requests``, each of which is some of ``records``."""
        return [self._response(server, records, request) for request in requests]

    def _response(self, server: ModelServer, records: Records, request: Batch) -> bytes:
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            try:
                return self._ask(server, request, quiet=not last)
            except InvocationError as error:
                self.on_failure(f"attempt {attempt + 1} of {self.retries + 1} failed: {error}")
                failure = error
        raise self._refused(server, records, request, failure) from failure

    def _ask(self, server: ModelServer, request: Batch, quiet: bool) -> bytes:
        settings = self.settings
        return server.invoke(request.body, settings.content_type, settings.accept, self.timeout, quiet)

    def _refused(
        self, server: ModelServer, records: Records, request: Batch, failure: InvocationError
    ) -> RecordsRefusedError:
        if failure.by_code and request.count > 1:
            request, failure = self._narrowed(server, records, request, failure)
        last = request.first + request.count
        if self.settings.split_type == "None":
            return RecordsRefusedError(str(failure))
        where = f"record {last}" if request.count == 1 else f"records {request.first + 1} to {last}"
        return RecordsRefusedError(f"{where}: {failure}")

    def _narrowed(
        self, server: ModelServer, records: Records, request: Batch, failure: InvocationError
    ) -> tuple[Batch, InvocationError]:
        """Halve the request until one record is left that fails alone; all halves together cost one or two requests.

        Where neither half fails, the records fail only together, and no smaller request says why.
        """
        while request.count > 1:
            left = request.count // 2
            for first, count in ((request.first, left), (request.first + left, request.count - left)):
                half = part(records, first, count, self.settings.strategy)
                try:
                    self._ask(server, half, quiet=True)
                except InvocationError as error:
                    request, failure = half, error
                    break
            else:
                return request, failure
        return request, failure
