"""The real AWS CLI against the engine: deploy, events, delete, wait."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.functional.stacks import parameter, resources

AWS = str(Path(sys.executable).with_name("aws"))


def _aws(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AWS, "cloudformation", *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def _deploy(
    environment: dict[str, str], tmp_path: Path, name: str, template: dict[str, Any], *more: str
) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template))
    return _aws(environment, "deploy", "--stack-name", name, "--template-file", str(file), *more)


def test_deploy_creates_changes_and_says_when_nothing_changed(
    aws_environment: dict[str, str], tmp_path: Path, unique: str
) -> None:
    def template(value: str) -> dict[str, Any]:
        return resources(P=parameter(f"/{unique}", value))

    created = _deploy(aws_environment, tmp_path, unique, template("1"), "--tags", "team=a")
    assert (created.returncode, created.stderr) == (0, "")
    assert f"Successfully created/updated stack - {unique}" in created.stdout
    changed = _deploy(aws_environment, tmp_path, unique, template("2"))
    assert changed.returncode == 0
    same = _deploy(aws_environment, tmp_path, unique, template("2"), "--no-fail-on-empty-changeset")
    assert same.returncode == 0
    assert f"No changes to deploy. Stack {unique} is up to date" in same.stdout
    failing = _deploy(aws_environment, tmp_path, unique, template("2"), "--fail-on-empty-changeset")
    assert failing.returncode == 255
    deleted = _aws(aws_environment, "delete-stack", "--stack-name", unique)
    assert deleted.returncode == 0
    assert _aws(aws_environment, "wait", "stack-delete-complete", "--stack-name", unique).returncode == 0


def test_a_deploy_that_fails_ends_with_an_error_and_events_say_why(
    aws_environment: dict[str, str], tmp_path: Path, unique: str
) -> None:
    bad = {"Type": "AWS::SNS::Topic", "Properties": {"Nonsense": 1}}
    deployed = _deploy(aws_environment, tmp_path, unique, resources(Bad=bad))
    assert deployed.returncode == 255
    assert "Failed to create/update the stack" in deployed.stderr
    events = _aws(
        aws_environment,
        "describe-stack-events",
        "--stack-name",
        unique,
        "--query",
        "StackEvents[?ResourceStatus=='CREATE_FAILED'].ResourceStatusReason",
        "--output",
        "text",
    )
    assert "extraneous key [Nonsense] is not permitted" in events.stdout
