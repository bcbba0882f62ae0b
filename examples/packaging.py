"""model.tar.gz as SageMaker expects it: the model at the top, its serving code under ``code/``.

Equal content gives equal bytes, so that an artifact's digest says whether the model changed.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib

from examples.inference import MODEL_FILE

SERVING_CODE = Path(__file__).parent / "inference.py"


def model_archive(model: Any) -> bytes:
    """The bytes of model.tar.gz for a fitted model."""
    dumped = io.BytesIO()
    joblib.dump(model, dumped)
    return archive({MODEL_FILE: dumped.getvalue(), "code/inference.py": SERVING_CODE.read_bytes()})


def archive(files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar without times, owners, or anything else that differs from one run to the next."""
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(tarred.getvalue(), compresslevel=6, mtime=0)
