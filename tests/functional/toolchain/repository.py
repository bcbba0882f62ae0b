"""A team's git repository: the real Makefile, buildspecs, templates and scripts, and a pipeline that runs in seconds.

Builds make their environments by the real installer. What it installs is one small wheel that lends them the packages
of the environment these tests run in: nothing is downloaded, and nothing of a build is left out.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from tests.functional.conftest import REGION
from tests.functional.scripts.site import BUCKETS, PIPELINE, PROJECT, ROOT, SCORE, Site, wait_until

BRANCH = "main"
FIRST_COMMIT = 'The "team\'s" pipeline'  # with quotes, which no JSON of a CodePipeline's action would survive
_AS_IT_IS = "# ruff: noqa\n# mypy: ignore-errors\n# fmt: off\n"
_WHOLE = ("scripts", "cloudformation", "buildspecs", "docs")
_EMPTY = ("tests", "tests/unit")
_UNIT_TEST = "def test_the_team_has_a_test() -> None:\n    assert True\n"
_LENT = "lent-1-py3-none-any.whl"
DEADLINE = 600.0


def make_repository(site: Site) -> None:
    """Complete a site's folder to a repository with one commit."""
    folder = site.folder
    for name in _WHOLE:
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    for name in _EMPTY:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "__init__.py").touch()
    (folder / "tests/unit/test_team.py").write_text(_UNIT_TEST)
    site.write_script(_AS_IT_IS + SCORE)
    site.write_pipeline(_AS_IT_IS + PIPELINE)
    write_generated(folder)
    lend_packages(folder)
    git(site, "init", "--quiet", "--initial-branch", BRANCH)
    commit(site, FIRST_COMMIT)


def commit(site: Site, message: str) -> None:
    git(site, "add", "--all")
    git(site, "commit", "--quiet", "--allow-empty", "--message", message)


def git(site: Site, *arguments: str) -> str:
    who = ["-c", "user.name=Team", "-c", "user.email=team@example.com"]
    done = subprocess.run(["git", *who, *arguments], cwd=site.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A make target as on AWS, which is here the embedded one by the environment alone."""
    environment = {name: value for name, value in site.environment.items() if name != "PYTHONPATH"}
    return subprocess.run(
        ["make", "CLOUD=aws", f"PYTHON={sys.executable}", *arguments],
        cwd=site.folder,
        env={**environment, "AWS_DEFAULT_REGION": REGION, "ALLOW_ENDPOINT": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def codepipeline_of(site: Site, pipeline: str = "") -> str:
    """The CodePipeline of the site's pipeline, or of another one."""
    return f"{PROJECT}-{(pipeline or site.pipeline).replace('_', '-')}"


def executions(site: Site, pipeline: str = "") -> list[dict[str, Any]]:
    """Newest first."""
    found = site.client("codepipeline").list_pipeline_executions(pipelineName=codepipeline_of(site, pipeline))
    return list(found["pipelineExecutionSummaries"])


def started_by(site: Site, rule: str, count: int = 1, pipeline: str = "") -> str:
    """The id of the newest execution that a rule of this name started, once there are ``count`` of them."""
    found: list[str] = []

    def look() -> bool:
        found[:] = [
            each["pipelineExecutionId"]
            for each in executions(site, pipeline)
            if f"-{rule}-" in each.get("trigger", {}).get("triggerDetail", "")
        ]
        return len(found) >= count

    wait_until(look)
    return found[0]


def live_release(site: Site, stage: str, account: str) -> dict[str, Any]:
    """The release.json of what a stage's stack says it runs."""
    stack = site.client("cloudformation", account=account).describe_stacks(
        StackName=f"{PROJECT}-{site.pipeline}-{stage}"
    )["Stacks"][0]
    release_id = next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "ReleaseId")
    bucket = BUCKETS[stage]
    body = site.client("s3", account=account).get_object(Bucket=bucket, Key=f"releases/{release_id}/release.json")
    content: dict[str, Any] = json.load(body["Body"])
    assert content["release_id"] == release_id
    return content


def mail(site: Site, address: str) -> list[dict[str, Any]]:
    """What an approver has been mailed."""
    messages = site.address.page(f"/_localaws/mail?to={address}")["messages"]
    return [each for each in messages if each["delivered"]]


def follow_link_in_mail(site: Site, address: str) -> None:
    """Confirm the subscription, as the mail asks for."""
    link = mail(site, address)[0]["text"].split("visit ")[1].split()[0]
    with urllib.request.urlopen(link) as answer:
        assert answer.status == 200


def write_generated(folder: Path) -> None:
    """The generated schemas and the page of rules that ``make check`` compares, of what this tree has."""
    for name in ("write_schemas", "document_aws_rules"):
        command = [sys.executable, "-m", f"scripts.repository.{name}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def lend_packages(folder: Path) -> None:
    """Requirements of a tree that are one small wheel."""
    wheel = folder / "requirements" / _LENT
    wheel.parent.mkdir(exist_ok=True)
    packages = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    ruff = Path(sys.executable).parent / "ruff"
    files = {
        "lent.pth": f"{packages}\n",
        "lent-1.data/scripts/ruff": f'#!/bin/sh\nexec {ruff} "$@"\n',
        "lent-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: lent\nVersion: 1\n",
        "lent-1.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_digest(text)},{len(text)}\n" for name, text in files.items())
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, "lent-1.dist-info/RECORD": f"{record}lent-1.dist-info/RECORD,,\n"}.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16  # pip keeps a script as executable as it is in the wheel
            archive.writestr(entry, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for name in ("deploy", "check"):
        (folder / f"requirements/{name}.txt").write_text(f"./requirements/{_LENT} --hash=sha256:{digest}\n")


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def aws_cli(site: Site, *arguments: str) -> None:
    """The real AWS CLI."""
    done = subprocess.run(
        [sys.executable, "-m", "awscli", *arguments],
        env={**site.environment, "AWS_DEFAULT_REGION": REGION, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
