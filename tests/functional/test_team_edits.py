"""Whatever valid things a team writes into stages/ and pipelines/, what a release's build runs stays green.

The edits are made at random: other accounts, regions, names, sizes, schedules, tags, networks, thresholds; the sample
kept, with another feature, or deleted; pipelines added. Nothing that a build runs may know the sample.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.functional.clones import Clone
from tests.functional.scripts.test_new import RENDERER

SAMPLE = "pipelines/batch_inference"
REGIONS = ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2", "ca-central-1"]
ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True)
INSTANCES = st.fixed_dictionaries(
    {"instance_type": st.sampled_from(["ml.m5.xlarge", "ml.c5.2xlarge", "ml.m4.4xlarge"])},
    optional={"instance_count": st.integers(1, 100)},
)
OF_A_PIPELINE = st.fixed_dictionaries(
    {},
    optional={
        "schedule": st.sampled_from(["12 hours", "rate(5 days)", "cron(0 6 ? * MON-FRI *)"]),
        "schedule_enabled": st.booleans(),
        "processing": INSTANCES,
        "inference": INSTANCES,
        "network_isolation": st.booleans(),
        "transform": st.fixed_dictionaries(
            {}, optional={"max_payload_in_mb": st.integers(1, 20), "batch_strategy": st.just("SingleRecord")}
        ),
        "verification": st.fixed_dictionaries({}, optional={"minimum_rows": st.integers(0, 10**6)}),
        "alarms": st.fixed_dictionaries({}, optional={"email": st.just("team@example.com")}),
    },
)
NETWORKS = st.sampled_from(
    [{}, {"subnet_ids": ["subnet-0abc1234def567890"], "security_group_ids": ["sg-0abc1234def567890"]}]
)


@dataclass(frozen=True)
class Team:
    """What a team has made of the repository."""

    accounts: list[str]
    region: str
    project: dict[str, str]
    stages: list[dict[str, Any]]
    tags: dict[str, str]
    network: dict[str, Any]
    sample: str
    pipelines: dict[str, dict[str, Any]]

    def write(self, clone: Clone) -> None:
        dev, *others = self.accounts
        self._sample(clone)
        for name, own in self.pipelines.items():
            done = clone.python("-m", "scripts.verbs.new", "--pipeline", name, "--columns", "id,a:integer,b:text?")
            assert done.returncode == 0, done.stderr
            path = clone.folder / f"pipelines/{name}/settings.yml"
            path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **own}))
        for stage, account, of_all in zip(("preprod", "prod"), others, self.stages, strict=True):
            document = {
                "account": account,
                "dev_account": dev,
                "region": self.region,
                "project": self.project,
                "tags": self.tags,
                "network": self.network,
                **of_all,
            }
            (clone.folder / f"stages/{stage}.yml").write_text(yaml.safe_dump(document))

    def _sample(self, clone: Clone) -> None:
        schema = clone.folder / SAMPLE / "schema.yml"
        if self.sample == "deleted":
            shutil.rmtree(clone.folder / SAMPLE)
            shutil.rmtree(clone.folder / "examples")
        elif self.sample == "renamed":
            (clone.folder / SAMPLE).rename(clone.folder / "pipelines/lung_scans")
        elif self.sample == "with a comment":
            schema.write_text(f"# ours\n{schema.read_text()}")


TEAMS = st.builds(
    Team,
    accounts=st.lists(ACCOUNTS, min_size=3, max_size=3),
    region=st.sampled_from(REGIONS),
    project=st.fixed_dictionaries(
        {
            "name": st.from_regex(r"[a-z][a-z0-9]{0,10}(-[a-z0-9]{1,10})?", fullmatch=True),
            "id": st.from_regex(r"p-[a-z0-9]{1,15}", fullmatch=True),
        }
    ),
    stages=st.lists(OF_A_PIPELINE, min_size=2, max_size=2),
    tags=st.dictionaries(st.sampled_from(["team", "cost centre", "env:kind"]), st.text("abc -", max_size=9)),
    network=NETWORKS,
    sample=st.sampled_from(["kept", "with a comment", "deleted", "renamed"]),
    pipelines=st.dictionaries(st.sampled_from(["churn", "prices", "a_b_c"]), OF_A_PIPELINE, min_size=1, max_size=2),
)


# Without shrinking: an example takes half a minute, and says by itself what is wrong.
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(TEAMS)
def test_what_a_build_runs_stays_green(team: Team) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder))
        renderer = clone.folder / "build/renderer"
        renderer.parent.mkdir(exist_ok=True)
        renderer.write_text(RENDERER)
        renderer.chmod(0o755)
        clone.environment["RENDER_PYTHON"] = str(renderer)
        team.write(clone)
        tests = [str(path.relative_to(folder)) for path in Path(folder).glob("pipelines/*/tests")]
        for command in (
            ("-m", "scripts.verbs.render"),  # a renamed pipeline's definition; what make render would write is fresh
            ("-m", "scripts.verbs.render", "--check"),
            ("-m", "ruff", "check", "."),
            ("-m", "ruff", "format", "--check", "."),
            ("-m", "scripts.repository.check_templates"),
            ("-m", "scripts.repository.check_buildspecs"),
            ("-m", "scripts.repository.write_schemas", "--check"),
            ("-m", "scripts.repository.check_job_settings"),
            ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit", *tests),
        ):
            done = clone.python(*command)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
