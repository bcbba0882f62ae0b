"""Model files and archives of every kind, and what became of them: for the tests of ``register``."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.functional.scripts.site import DEV_BUCKET, ROOT, Site

MODELS = ROOT / "tests/unit/scripts/decisions/models"
HANDLER = b"import joblib, os\ndef model_fn(d):\n    return joblib.load(os.path.join(d, 'model.joblib'))\n"
REGRESSOR = (MODELS / "regressor.joblib").read_bytes()
GOOD = {"model.joblib": REGRESSOR, "code/inference.py": HANDLER}


def saved(site: Site, model: Any, name: str = "model.joblib") -> str:
    joblib.dump(model, site.folder / name)
    return name


def regressor() -> Any:
    features = np.random.default_rng(0).random((20, 3))
    return make_pipeline(StandardScaler(), LinearRegression()).fit(features, features @ [1.0, 2.0, 3.0])


def tarball(site: Site, files: Mapping[str, bytes], name: str = "model.tar.gz") -> str:
    with tarfile.open(site.folder / name, "w:gz") as archive:
        for member, content in files.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return name


def described(site: Site, arn: str) -> dict[str, Any]:
    package: dict[str, Any] = site.client("sagemaker").describe_model_package(ModelPackageName=arn)
    return package


def stored(site: Site, uri: str) -> bytes:
    body: bytes = (
        site.client("s3").get_object(Bucket=DEV_BUCKET, Key=uri.removeprefix(f"s3://{DEV_BUCKET}/"))["Body"].read()
    )
    return body


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def served(archive: bytes, folder: Path, records: str, environment: Mapping[str, str] = {}) -> str:
    """What an archive's handler answers, as the image's toolkit calls it: in a process of its own."""
    folder.mkdir(exist_ok=True)
    for name, content in members(archive).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    code = (
        "import sys; sys.path.insert(0, 'code'); import inference as i\n"
        "m = i.model_fn('.'); d = i.input_fn(sys.stdin.read(), 'text/csv')\n"
        "print(i.output_fn(i.predict_fn(d, m), 'text/csv')[0], end='')"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        input=records,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def refused(site: Site, code: int, words: str | tuple[str, ...], *arguments: str, **environment: str) -> None:
    done = site.run("register", *arguments, **environment)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "next:" in done.stderr
    for word in (words,) if isinstance(words, str) else words:
        assert word in done.stderr, done.stderr
    assert uploaded(site) == []
    assert site.group not in groups(site)


def uploaded(site: Site) -> list[str]:
    found = site.client("s3").list_objects_v2(Bucket=DEV_BUCKET, Prefix=f"models/{site.group}/")
    return [each["Key"] for each in found.get("Contents", [])]


def groups(site: Site) -> list[str]:
    pages = site.client("sagemaker").get_paginator("list_model_package_groups").paginate()
    return [each["ModelPackageGroupName"] for page in pages for each in page["ModelPackageGroupSummaryList"]]
