"""One object of a transform job: from its bytes to the requests, and from the responses to its ``.out``. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from localaws.core.archive_limits import ArchiveLimitError, gunzip
from localaws.services.sagemaker.jobs.assembling import assemble, rejoin
from localaws.services.sagemaker.jobs.batching import Batch, batches
from localaws.services.sagemaker.jobs.data_processing import DataProcessing
from localaws.services.sagemaker.jobs.splitting import Records, lines_of, split

_MEGABYTE = 1024 * 1024
DEFAULT_PAYLOAD_MB = 6


@dataclass(frozen=True)
class TransformSettings:
    """What a job says about records and requests."""

    split_type: str
    strategy: str
    assemble_with: str
    payload_limit: int
    gzipped: bool
    content_type: str
    accept: str
    processing: DataProcessing

    @classmethod
    def from_job(cls, job: dict[str, Any]) -> TransformSettings:
        """From a CreateTransformJob request or a DescribeTransformJob answer."""
        source, target = job["TransformInput"], job["TransformOutput"]
        return cls(
            split_type=source.get("SplitType", "None"),
            strategy=job.get("BatchStrategy", "MultiRecord"),
            assemble_with=target.get("AssembleWith", "None"),
            payload_limit=job.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB) * _MEGABYTE,
            gzipped=source.get("CompressionType") == "Gzip",
            content_type=source.get("ContentType", ""),
            accept=target.get("Accept", ""),
            processing=DataProcessing.from_request(job),
        )


class ObjectTransform:
    """The work on one object. ValueError (and its kinds in splitting, batching, data_processing) says what is wrong."""

    def __init__(self, content: bytes, settings: TransformSettings) -> None:
        self._settings = settings
        if settings.gzipped:
            content = _decompressed(content)
        whole = split(content, settings.split_type)
        self._rows = self._rows_of(content, whole)
        self.records = self._filtered(content, whole)
        self.requests: list[Batch] = list(batches(self.records, settings.strategy, settings.payload_limit))

    def output(self, responses: list[bytes]) -> bytes:
        """The object's output, of the responses to all its requests."""
        if not self._settings.processing.changes_output:
            return assemble(responses, self._settings.assemble_with)
        return b"".join(
            self._finished(request, response) for request, response in zip(self.requests, responses, strict=True)
        )

    def _finished(self, request: Batch, response: bytes) -> bytes:
        first, end = request.first, request.first + request.count
        if self._settings.split_type == "None":
            first, end = 0, len(self._rows)
        records = self._settings.processing.finish(self._rows[first:end], response, first + 1)
        return rejoin(records, response, self._settings.assemble_with)

    def _rows_of(self, content: bytes, whole: Records) -> list[bytes]:
        """What filters and joins see as records: lines, also of an object that is sent whole."""
        if self._settings.split_type != "None":
            return whole.payloads
        return [content] if self._settings.processing.one_document else lines_of(content)

    def _filtered(self, content: bytes, whole: Records) -> Records:
        if self._settings.processing.input_filter.is_identity:
            return whole
        rows = self._settings.processing.filter_input(self._rows)
        if self._settings.split_type == "None":
            body = b"\n".join(rows) + (b"\n" if content.endswith(b"\n") else b"")
            return Records([body], [body])
        return Records(rows, [row + b"\n" for row in rows])


def _decompressed(content: bytes) -> bytes:
    try:
        return b"".join(gunzip(content))
    except ArchiveLimitError as error:
        raise ValueError(f"it cannot be decompressed: {error}") from error
    except (EOFError, zlib.error) as error:
        raise ValueError(f"it is not gzip, which CompressionType says it is: {error}") from error
