"""The first day's checklist, top to bottom: each step's command, and what must have come of it."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.aws.day import Day, Outcome, Step
from tests.aws.tree import PIPELINE, input_rows, model_archive

Judge = Callable[[Day, str], str | None]
"""What is wrong with a step's output; None where nothing is."""


def checklist() -> list[Step]:
    return [
        make("doctor before anything is there", "doctor", fatal=False, codes=(20,)),
        make("foundations", "bootstrap", "ARGS=--yes --no-toolchain"),
        register(1),
        Step("input for both stages", "aws s3 cp input.csv s3://<bucket>/input/", put_input),
        make("doctor: nothing is wrong", "doctor", fatal=False),
        make("deploy preprod, and verify it", "deploy", "STAGE=preprod"),
        Step("which release is live", "make status STAGE=preprod OUTPUT=json", remember_release("first release")),
        make("predictions of preprod", "predictions", "STAGE=preprod", judge=has_rows),
        make("logs of preprod", "logs", "STAGE=preprod", fatal=False),
        make("schedule off", "schedule", "STAGE=preprod", "OFF", "REASON=first day"),
        make("schedule on", "schedule", "STAGE=preprod", "ON", "REASON=first day"),
        Step("deploy again: nothing changes", "make deploy STAGE=preprod OUTPUT=json", deploy_unchanged),
        register(2),
        make("deploy version 2", "deploy", "STAGE=preprod"),
        Step("back to the first release", "make deploy STAGE=preprod RELEASE=<first>", roll_back),
        Step("first release is live again", "make status STAGE=preprod OUTPUT=json", first_release_is_live),
        make("toolchain and CodePipeline", "bootstrap", "ARGS=--yes"),
        Step("push this tree", "git push", push),
        make("CodePipeline up to its approval", "codepipeline", "ARGS=--newest", judge=waits_for_approval),
        make("approve, and follow to prod", "approve", "SUMMARY=first day"),
        make("predictions of prod", "predictions", "STAGE=prod", judge=has_rows),
        make("status of both stages", "status"),
        make("doctor: the toolchain too", "doctor", fatal=False),
        make("destroy preprod", "destroy", "STAGE=preprod", "ARGS=--yes", fatal=False),
    ]


def make(
    title: str, *arguments: str, fatal: bool = True, codes: tuple[int, ...] = (0,), judge: Judge | None = None
) -> Step:
    def take(day: Day) -> Outcome:
        done = day.make(*arguments)
        code = exit_code(done.returncode, done.stdout)
        if code not in codes:
            return Outcome(False, done.stdout, f"exit code {code}, expected {' or '.join(map(str, codes))}")
        wrong = judge(day, done.stdout) if judge else None
        return Outcome(wrong is None, done.stdout, wrong or "")

    shown = " ".join(f"'{each}'" if " " in each else each for each in arguments)
    return Step(title, f"make {shown} CLOUD=aws", take, fatal)


def exit_code(of_make: int, output: str) -> int:
    """The verb's own: make ends with 2 whatever it was, and says it in its last line."""
    told = re.findall(r"^make: \*\*\* \[.*\] Error (\d+)$", output, re.MULTILINE)
    return int(told[-1]) if of_make and told else of_make


def register(version: int) -> Step:
    arguments = ("ARTIFACT=model.tar.gz", "FRAMEWORK=sklearn", "APPROVE=1", "REASON=first day")
    step = make(f"register and approve model version {version}", "register", *arguments)

    def take(day: Day) -> Outcome:
        (day.tree.folder / "model.tar.gz").write_bytes(model_archive(version))
        return step.take(day)

    return Step(step.title, step.command, take)


def put_input(day: Day) -> Outcome:
    for stage in day.tree.stages:
        bucket = day.tree.bucket(stage)
        day.session(stage).client("s3").put_object(Bucket=bucket, Key=f"input/{PIPELINE}.csv", Body=input_rows())
    return Outcome(True, f"into the buckets of {', '.join(day.tree.stages)}")


def has_rows(day: Day, output: str) -> str | None:
    return None if "R0000" in output else "no prediction of record R0000 is shown"


def waits_for_approval(day: Day, output: str) -> str | None:
    return None if "approv" in output.lower() else "no approval is waiting"


def remember_release(name: str) -> Callable[[Day], Outcome]:
    def take(day: Day) -> Outcome:
        release, output = live_release(day)
        day.facts[name] = release or ""
        return Outcome(bool(release), output, "" if release else "preprod's status names no verified release")

    return take


def first_release_is_live(day: Day) -> Outcome:
    release, output = live_release(day)
    wanted = day.facts["first release"]
    return Outcome(release == wanted, output, "" if release == wanted else f"{release} is live, not {wanted}")


def live_release(day: Day) -> tuple[str | None, str]:
    """The verified release of preprod."""
    answer, output = day.json("status", "STAGE=preprod")
    stage = answer["stages"][0] if answer else {}
    return (stage.get("release_id") if stage.get("verified") else None), output


def deploy_unchanged(day: Day) -> Outcome:
    answer, output = day.json("deploy", "STAGE=preprod")
    if answer is None:
        return Outcome(False, output, "the second deployment failed")
    return Outcome(
        not answer["changed"], output, "the second deployment changed something" if answer["changed"] else ""
    )


def roll_back(day: Day) -> Outcome:
    done = day.make("deploy", "STAGE=preprod", f"RELEASE={day.facts['first release']}")
    return Outcome(done.returncode == 0, done.stdout, "" if done.returncode == 0 else f"exit code {done.returncode}")


def push(day: Day) -> Outcome:
    """With the credentials that dev's session has; a repository of the embedded AWS was pushed to by bootstrap."""
    repository = day.session().client("codecommit").get_repository(repositoryName=day.tree.project)
    url = str(repository["repositoryMetadata"]["cloneUrlHttp"])
    helper: tuple[str, ...] = ()
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        cli = f"{sys.executable} -m awscli" if importlib.util.find_spec("awscli") else "aws"
        helper = (
            "-c",
            f"credential.helper=!{cli} codecommit credential-helper $@",
            "-c",
            "credential.UseHttpPath=true",
        )
    done = day.git(*helper, "push", "--quiet", url if helper else "localaws", "HEAD:refs/heads/main")
    return Outcome(done.returncode == 0, done.stdout + done.stderr)
