"""``logs`` of a stage's newest execution: while it runs, and afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from tests.functional.scripts.site import SCORE, Site

SLOW = "print('beginning', flush=True)\nimport time\ntime.sleep(SECONDS)\n" + SCORE + "print('done')\n"


def json_lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_logs_of_an_execution_that_has_ended_are_shown_whole_or_as_much_as_is_wanted(ready_site: Site) -> None:
    ready_site.write_script(SLOW.replace("SECONDS", "0"))
    ready_site.json("deploy", "--stage", "preprod")
    done = ready_site.run("logs", "--stage", "preprod")
    lines = done.stdout.splitlines()
    step = lines[0].partition("/")[0]
    assert [line.partition("  ")[2] for line in lines] == ["beginning", "done"]
    assert all(line.startswith(f"{step}/algo-1  ") for line in lines), lines
    assert ": Succeeded" in done.stderr
    newest = json_lines(ready_site.run("logs", "--stage", "preprod", "--lines", "1", "--output", "json"))
    assert [(each["step"], each["message"]) for each in newest] == [(step, "done")]
    assert json_lines(ready_site.run("logs", "--stage", "preprod", "--step", step, "--output", "json"))[1:] == newest
    nothing = ready_site.run("logs", "--stage", "preprod", "--since", "2099-01-01")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "no logs in that time" in nothing.stderr
    unknown = ready_site.run("logs", "--stage", "preprod", "--step", "Nope")
    assert unknown.returncode == 2
    assert f"steps: {step}" in unknown.stderr


def test_an_execution_is_followed_while_it_runs_and_ctrl_c_ends_only_the_following(ready_site: Site) -> None:
    ready_site.write_script(SLOW.replace("SECONDS", "4"))
    done = ready_site.run("deploy", "--stage", "preprod", "--output", "json")
    assert done.returncode == 0, done.stderr
    ready_site.json("run", "--stage", "preprod", "--no-follow")
    command = [sys.executable, "-m", "scripts.verbs.logs", "--stage", "preprod"]
    environment = {**ready_site.environment, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        cwd=ready_site.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("beginning\n")
        assert ready_site.executions()[0]["PipelineExecutionStatus"] == "Executing"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    followed = ready_site.run("logs", "--stage", "preprod")
    assert [line.partition("  ")[2] for line in followed.stdout.splitlines()] == ["beginning", "done"]
    assert ready_site.executions()[0]["PipelineExecutionStatus"] == "Succeeded"


def test_without_a_deployment_an_execution_or_a_log_it_is_said(ready_site: Site) -> None:
    done = ready_site.run("logs", "--stage", "preprod")
    assert done.returncode == 11
    assert "make deploy STAGE=preprod" in done.stderr
    ready_site.json("deploy", "--stage", "preprod")
    silent = ready_site.run("logs", "--stage", "preprod")
    assert (silent.returncode, silent.stdout) == (0, "")
    assert "no logs; its steps:" in silent.stderr
