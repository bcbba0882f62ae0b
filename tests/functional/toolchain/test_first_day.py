"""The script of the first day on AWS, from its first step to its last, on an embedded AWS that enforces IAM.

The tree is whole but for the tests that a build of it would run, and for the packages, which are lent to it. It takes
minutes, and every part of it has tests of its own, so it is run when asked for: FIRST_DAY=1.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.decisions.stage_settings import Inference, Processing, Project, StageSettings
from tests.aws.first_day import run
from tests.aws.tree import Tree
from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.scripts.site import EmbeddedAws, administrators
from tests.functional.toolchain.repository import lend_packages, write_generated


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedAws]:
    (tmp_path / "aws").mkdir()
    aws = EmbeddedAws(tmp_path / "aws", "--enforce-iam")
    for name, value in {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_ACCESS_KEY_ID": DEV,
        "AWS_SECRET_ACCESS_KEY": aws.secret(DEV),
        "CODECOMMIT_CREDENTIAL_HELPER": aws.address.git_helper,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": REGION,
        "HOME": str(tmp_path),
        **administrators(tmp_path / "team", aws.address),
    }.items():
        monkeypatch.setenv(name, value)
    yield aws
    aws.stop()


def settings(account: str) -> StageSettings:
    return StageSettings(
        account=account,
        dev_account=DEV,
        region=REGION,
        project=Project(name="of-the-clone", id="p-clone"),
        model_package_group="of-the-clone",
        processing=Processing(instance_type="ml.m5.large"),
        inference=Inference(instance_type="ml.m5.large"),
    )


@pytest.mark.timeout(1800)
@pytest.mark.skipif(os.environ.get("FIRST_DAY") != "1", reason="takes minutes; runs with FIRST_DAY=1")
def test_the_day_ends_with_every_step_ok_and_with_nothing_left_but_keys_and_logs(
    aws: EmbeddedAws, tmp_path: Path
) -> None:
    tree = Tree(tmp_path / "tree", "day-test", {"preprod": settings(PREPROD), "prod": settings(PROD)})
    tree.write()
    shutil.rmtree(tree.folder / "tests")
    (tree.folder / "tests/unit").mkdir(parents=True)
    for name in ("tests/__init__.py", "tests/unit/__init__.py"):
        (tree.folder / name).touch()
    (tree.folder / "tests/unit/test_team.py").write_text("def test_it() -> None:\n    assert True\n")
    write_generated(tree.folder)
    lend_packages(tree.folder)
    report = tmp_path / "first-day.md"
    code = run(tree, report)
    text = report.read_text()
    assert code == 0, text
    for secret in (DEV, PREPROD, PROD, "local-secret-of-dev"):
        assert secret not in text
    remains = text.split("## What remains")[1].strip().splitlines()
    assert all("key arn:" in line or "log groups" in line for line in remains), remains
    for account in (DEV, PREPROD, PROD):
        left = aws.client("cloudformation", account=account).describe_stacks()["Stacks"]
        assert [each["StackName"] for each in left if each["StackStatus"] != "DELETE_COMPLETE"] == []
        assert aws.client("s3", account=account).list_buckets()["Buckets"] == []
