"""A processing job's output folder on its way to S3: at the end of the job, or while files are written.

Links are not followed and not uploaded, as on SageMaker.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localaws.services.sagemaker.jobs.objects import JobObjects, S3Location

_LOOK_EVERY = 1.0
# A file that changed since the last look is still being written.
_Seen = tuple[int, int]


class OutputUpload:
    """One output of one host. Call ``look`` often; ``finish`` once the container succeeded."""

    def __init__(self, objects: JobObjects, output: dict[str, Any], folder: Path, kms_key: str | None) -> None:
        self._objects = objects
        self._target = S3Location.parse(output["S3Uri"])
        self._continuous = output["S3UploadMode"] == "Continuous"
        self._folder = folder
        self._kms_key = kms_key
        self._seen: dict[Path, _Seen] = {}
        self._uploaded: dict[Path, _Seen] = {}
        self._last_look = time.monotonic()

    def look(self, last: bool = False) -> None:
        """Upload files that rest since the last look, where the mode is Continuous; ``last`` takes all of them."""
        if not self._continuous or (not last and time.monotonic() - self._last_look < _LOOK_EVERY):
            return
        self._last_look = time.monotonic()
        for file in _regular_files(self._folder):
            try:
                now = _state(file)
                if (last or self._seen.get(file) == now) and self._uploaded.get(file) != now:
                    self._upload(file)
                    self._uploaded[file] = now
                self._seen[file] = now
            except FileNotFoundError:  # removed between two looks
                continue

    def finish(self) -> None:
        """Upload what is not in S3 yet."""
        for file in _regular_files(self._folder):
            if self._uploaded.get(file) != _state(file):
                self._upload(file)

    def _upload(self, file: Path) -> None:
        target = self._target.below(file.relative_to(self._folder).as_posix())
        with file.open("rb") as content:
            self._objects.write(target, content, self._kms_key)


def _state(file: Path) -> _Seen:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _regular_files(folder: Path) -> Iterator[Path]:
    if folder.is_symlink():
        return
    for directory, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            file = Path(directory, name)
            if file.is_file() and not file.is_symlink():
                yield file
