"""A processing job's output folder on its way to S3: at the end of the job, or while files are written.

Links are not followed and not uploaded, as on SageMaker, and none leads out of the container's own files.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from localaws.isolation.left_files import opened_file, regular_files
from localaws.services.sagemaker.jobs.objects import JobObjects, S3Location

_LOOK_EVERY = 1.0
# A file that changed since the last look is still being written.
_Seen = tuple[int, int]


class OutputUpload:
    """One output of one host. Call ``look`` often; ``finish`` once the container succeeded.

    Its folder is ``name`` below ``ml``, which is the host's /opt/ml.
    """

    def __init__(self, objects: JobObjects, output: dict[str, Any], ml: Path, name: str, kms_key: str | None) -> None:
        self._objects = objects
        self._target = S3Location.parse(output["S3Uri"])
        self._continuous = output["S3UploadMode"] == "Continuous"
        self._ml, self._name = ml, name
        self._kms_key = kms_key
        self._seen: dict[str, _Seen] = {}
        self._uploaded: dict[str, _Seen] = {}
        self._last_look = time.monotonic()

    def look(self, last: bool = False) -> None:
        """Upload files that rest since the last look, where the mode is Continuous; ``last`` takes all of them."""
        if not self._continuous or (not last and time.monotonic() - self._last_look < _LOOK_EVERY):
            return
        self._last_look = time.monotonic()
        self._upload_where(lambda file, now: last or self._seen.get(file) == now)

    def finish(self) -> None:
        """Upload what is not in S3 yet."""
        self._upload_where(lambda *_: True)

    def _upload_where(self, rests: Callable[[str, _Seen], bool]) -> None:
        for file in regular_files(self._ml, self._name):
            with opened_file(self._ml, f"{self._name}/{file}") as opened:
                if opened is None:  # removed, or replaced by something else, meanwhile
                    continue
                now = _state(opened)
                if rests(file, now) and self._uploaded.get(file) != now:
                    self._objects.write(self._target.below(file), opened, self._kms_key)
                    self._uploaded[file] = now
                self._seen[file] = now


def _state(file: BinaryIO) -> _Seen:
    status = os.fstat(file.fileno())
    return status.st_mtime_ns, status.st_size
