"""A team's first model in a fresh clone: nothing runs yet, and neither bucket nor group is there."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.functional.clones import ROOT, Clone
from tests.functional.scripts.site import PIPELINE

MODEL = ROOT / "tests/unit/scripts/decisions/models/regressor.joblib"


def test_registering_starts_the_embedded_aws_and_makes_bucket_and_group(tmp_path: Path) -> None:
    clone = Clone(tmp_path, without=("examples",))
    clone.add_pipeline("houses", PIPELINE, "house-prices")
    shutil.copy(MODEL, clone.folder / "model.joblib")
    ours = ("--pipeline", "houses")
    try:
        done = clone.json("register", *ours, "--artifact", "model.joblib", "--approve", "--reason", "the first")
        assert (done["version"], done["approval_status"], done["group"]) == (1, "Approved", "house-prices")
        assert done["group_created"]
        resolved = clone.json("resolve", *ours)
        assert resolved["model_package"]["ModelPackageArn"] == done["model_package_arn"]
        assert resolved["model_package"]["CustomerMetadataProperties"]["framework"] == "sklearn"
    finally:
        clone.local("reset")
