"""One day: the tree it works in, the environment of its commands, and how a step is taken. It decides no order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from boto3.session import Session

from tests.aws.report import Result, Taken
from tests.aws.tree import PIPELINE, Tree

LONGEST = 3 * 3600
DEFAULT_ADMINISTRATOR = "OrganizationAccountAccessRole"


@dataclass(frozen=True)
class Outcome:
    good: bool
    output: str
    remark: str = ""


@dataclass(frozen=True)
class Step:
    """``fatal``: what comes after it makes no sense without it."""

    title: str
    command: str
    take: Callable[[Day], Outcome]
    fatal: bool = True


@dataclass
class Day:
    """``facts``: what a step found out for later ones, such as the first release's id."""

    tree: Tree
    taken: list[Taken] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A make target in the tree, on AWS; what it writes is shown as it comes, and kept."""
        process = subprocess.Popen(
            self._command(arguments),
            cwd=self.tree.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            sys.stderr.write(f"    {line}")
            lines.append(line)
        return subprocess.CompletedProcess(process.args, process.wait(LONGEST), "".join(lines), "")

    def json(self, *arguments: str) -> tuple[Any, str]:
        """A make target's answer as JSON (None where it failed), and what it wrote besides."""
        done = subprocess.run(
            self._command([*arguments, "OUTPUT=json"]),
            cwd=self.tree.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        try:
            return (json.loads(done.stdout) if done.returncode == 0 else None), done.stderr + done.stdout
        except json.JSONDecodeError:
            return None, done.stderr + done.stdout

    def git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        who = ("-c", "user.name=First day", "-c", "user.email=first-day@example.com")
        return subprocess.run(
            ["git", *who, *arguments],
            cwd=self.tree.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def session(self, stage: str | None = None) -> Session:
        """Dev's session, or an administrator's of a stage's account, by the variables by which bootstrap finds one."""
        region = self.tree.first.region
        profiles = dict(each.split("=", 1) for each in os.environ.get("BOOTSTRAP_PROFILES", "").split())
        if stage in profiles:
            return Session(profile_name=profiles[stage], region_name=region)
        own = Session(region_name=region)
        if stage is None or self.tree.stages[stage].account == self.tree.first.dev_account:
            return own
        role = os.environ.get("BOOTSTRAP_ROLE_NAME", DEFAULT_ADMINISTRATOR)
        sts = own.client("sts")
        partition = sts.get_caller_identity()["Arn"].split(":")[1]
        arn = f"arn:{partition}:iam::{self.tree.stages[stage].account}:role/{role}"
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="first-day")["Credentials"]
        return Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=region)

    def take(self, steps: Sequence[Step]) -> bool:
        """Every step in order; after a fatal one that failed, the others are skipped. Whether all went well."""
        over = False
        for step in steps:
            if over:
                self.taken.append(Taken(step.title, step.command, "skipped"))
                continue
            print(f"\n{len(self.taken) + 1}. {step.title}\n    {step.command}", file=sys.stderr, flush=True)
            begun, started = time.monotonic(), datetime.now(UTC).strftime("%H:%M:%S")
            outcome = self._outcome(step)
            result: Result = "ok" if outcome.good else "failed" if step.fatal else "noted"
            self.taken.append(
                Taken(
                    step.title,
                    step.command,
                    result,
                    started,
                    time.monotonic() - begun,
                    outcome.output,
                    outcome.remark,
                )
            )
            over = result == "failed"
        return all(each.result == "ok" for each in self.taken)

    def _outcome(self, step: Step) -> Outcome:
        try:
            return step.take(self)
        except Exception as error:  # whatever it is: the day ends in order, and its report says so
            return Outcome(False, f"{type(error).__name__}: {error}")

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return ["make", *arguments, "CLOUD=aws", f"PYTHON={sys.executable}", f"PIPELINE={PIPELINE}"]

    def _environment(self) -> dict[str, str]:
        """The caller's, without what would override the tree's own stage files."""
        overriding = ("SAGEMAKER_", "AWS_DEV_ACCOUNT", "AWS_PREPROD_ACCOUNT", "AWS_PROD_ACCOUNT")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(overriding)}
        # An endpoint that is not AWS's was named on purpose, and the report says so.
        return {**kept, "PYTHONUNBUFFERED": "1", "ALLOW_ENDPOINT": "1"}
