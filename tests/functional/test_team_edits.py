"""Whatever valid things a team writes into stages/ and pipelines/, what a release's build runs stays green.

The edits are made at random: other accounts, regions, names, sizes, schedules, tags, networks, thresholds, overrides of
a stage, parameters of the stacks; the sample kept, renamed or deleted; pipelines added, with another
model or a feature more. Nothing that a build runs may know the sample. And an edit that is not valid fails there, with
a verb's words.
"""

from __future__ import annotations

import contextlib
import copy
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.flows.stage_context import StageContext
from scripts.repository import check_team_files
from tests.functional.clones import ROOT, Clone
from tests.functional.scripts.test_new import RENDERER

SAMPLE = "pipelines/batch_inference"
REGIONS = ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2", "ca-central-1"]
ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True)
INSTANCES = st.fixed_dictionaries(
    {"instance_type": st.sampled_from(["ml.m5.xlarge", "ml.c5.2xlarge", "ml.m4.4xlarge"])},
    optional={"instance_count": st.integers(1, 100)},
)
BOUNDS = st.tuples(*[st.floats(-1e6, 1e6)] * 2).map(sorted)
VERIFICATIONS = st.builds(
    lambda bounds, means, others: {
        **others,
        **dict(zip(("minimum", "maximum"), bounds, strict=True)),
        **dict(zip(("mean_minimum", "mean_maximum"), means, strict=True)),
    },
    BOUNDS,
    BOUNDS,
    st.fixed_dictionaries(
        {},
        optional={
            "minimum_rows": st.integers(0, 10**6),
            "sample": st.integers(1, 100_000),
            "equal_rows": st.booleans(),
            "invalid_share": st.floats(0, 1),
        },
    ),
)
OF_A_PIPELINE = st.fixed_dictionaries(
    {},
    optional={
        "schedule": st.sampled_from(["12 hours", "rate(5 days)", "cron(0 6 ? * MON-FRI *)"]),
        "schedule_enabled": st.booleans(),
        "processing": INSTANCES,
        "inference": INSTANCES,
        "network_isolation": st.booleans(),
        "input_prefix": st.sampled_from(["arrivals/", "ours/today/"]),
        "output_prefix": st.sampled_from(["scores/", "out/of/here/"]),
        "transform": st.fixed_dictionaries(
            {}, optional={"max_payload_in_mb": st.integers(1, 20), "batch_strategy": st.just("SingleRecord")}
        ),
        "verification": VERIFICATIONS,
        "alarms": st.fixed_dictionaries(
            {}, optional={"email": st.just("team@example.com"), "hours_without_success": st.integers(1, 168)}
        ),
    },
)
OF_A_STAGE = st.fixed_dictionaries(
    {},
    optional={
        "deployed_by_hand": st.booleans(),
        "foundation": st.fixed_dictionaries({}, optional={"LogRetentionInDays": st.sampled_from([30, 365])}),
    },
)
GROUPS = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,30}(-[A-Za-z0-9]{1,30})?", fullmatch=True)
MODELS = st.sampled_from(
    [
        None,
        [{"name": "hours", "type": "number", "minimum": 0}],
        [{"name": "berth", "type": "class", "labels": ["a", "b"]}, {"name": "sure", "type": "probability"}],
    ]
)
# A feature first: it is what hypothesis takes when it makes the simplest team, and so in every run.
FEATURES = (
    st.sampled_from(
        [
            {"name": "draught", "type": "number", "minimum": 2.5},
            {"name": "length over all", "type": "integer", "missing": True},
            {"name": "flag", "type": "category", "codes": {"NL": 1, "DK": 2}},
            {"name": "arrived", "type": "date"},
        ]
    )
    | st.none()
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
    group: str
    overrides: list[dict[str, Any]]
    model: list[dict[str, Any]] | None
    feature: dict[str, Any] | None
    toolchain: dict[str, Any]

    def write(self, clone: Clone) -> None:
        dev, *others = self.accounts
        self._sample(clone)
        for name, own in self.pipelines.items():
            done = clone.python("-m", "scripts.verbs.new", "--pipeline", name, "--columns", "id,a:integer,b:text?")
            assert done.returncode == 0, done.stderr
            path = clone.folder / f"pipelines/{name}/settings.yml"
            path.write_text(
                yaml.safe_dump({**yaml.safe_load(path.read_text()), **own, "model_package_group": self.group})
            )
            self._another_model(clone.folder / f"pipelines/{name}/schema.yml")
        first = next(iter(self.pipelines))
        (clone.folder / "stages/toolchain.yml").write_text(yaml.safe_dump(self.toolchain))
        for stage, account, of_all, own in zip(("preprod", "prod"), others, self.stages, self.overrides, strict=True):
            document = {
                "account": account,
                "dev_account": dev,
                "region": self.region,
                "project": self.project,
                "tags": self.tags,
                "network": self.network,
                "break_glass": [f"arn:aws:iam::{dev}:role/OnCall"],
                "pipeline": first,
                "pipelines": {first: own},
                **of_all,
            }
            (clone.folder / f"stages/{stage}.yml").write_text(yaml.safe_dump(document))

    def _another_model(self, schema: Path) -> None:
        document = yaml.safe_load(schema.read_text())
        document["predictions"] = self.model or document["predictions"]
        document["features"] += [self.feature] if self.feature else []
        schema.write_text(yaml.safe_dump(document, sort_keys=False))

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
    stages=st.lists(st.builds(lambda a, b: {**a, **b}, OF_A_PIPELINE, OF_A_STAGE), min_size=2, max_size=2),
    tags=st.dictionaries(st.sampled_from(["team", "cost centre", "env:kind"]), st.text("abc -", max_size=9)),
    network=NETWORKS,
    sample=st.sampled_from(["kept", "with a comment", "deleted", "renamed"]),
    pipelines=st.dictionaries(st.sampled_from(["churn", "prices", "a_b_c"]), OF_A_PIPELINE, min_size=1, max_size=2),
    group=GROUPS,
    overrides=st.lists(OF_A_PIPELINE, min_size=2, max_size=2),
    model=MODELS,
    feature=FEATURES,
    toolchain=st.fixed_dictionaries(
        {},
        optional={
            "toolchain": st.just({"LogRetentionInDays": 365}),
            "codepipeline": st.builds(lambda n: {"ApprovalTimeoutInMinutes": n}, st.integers(5, 86_400)),
        },
    ),
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
            ("-m", "scripts.repository.check_team_files"),
            ("-m", "scripts.repository.check_job_settings"),
            ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit", *tests),
        ):
            done = clone.python(*command)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


STAGE_FILE, TOOLCHAIN_FILE = "stages/preprod.yml", "stages/toolchain.yml"
SETTINGS, SCHEMA = "pipelines/berths/settings.yml", "pipelines/berths/schema.yml"
STAGE = {
    "account": "550011223344",
    "dev_account": "012345670123",
    "region": "ap-southeast-2",
    "project": {"name": "harbour", "id": "p-harbour"},
    "network": {},
}
TREE: dict[str, Any] = {
    STAGE_FILE: STAGE,
    "stages/prod.yml": {**STAGE, "account": "660011223344"},
    TOOLCHAIN_FILE: {"toolchain": {}, "codepipeline": {}},
    SETTINGS: {
        "model_package_group": "berth-demand",
        "processing": {"instance_type": "ml.m5.large"},
        "inference": {"instance_type": "ml.m5.large"},
        "verification": {},
        "alarms": {},
    },
    SCHEMA: {
        "record_id": "call",
        "features": [{"name": "draught"}, {"name": "length"}],
        "predictions": [{"name": "hours"}],
    },
    "pipelines/berths/pipeline.py": {},
}
WORDS = st.from_regex(r"[a-z]{4,12}", fullmatch=True)


Edit = tuple[str, Any, tuple[str | int, ...]]


def wrong(path: str, value: st.SearchStrategy[Any], *keys: str | int) -> st.SearchStrategy[Edit]:
    """Values that must not stand at this place of a file."""
    return st.tuples(st.just(path), value, st.just(keys))


WRONG_EDITS = st.one_of(
    wrong(STAGE_FILE, st.from_regex(r"[0-9]{1,11}", fullmatch=True) | st.integers(0, 10**12), "account"),
    wrong(STAGE_FILE, WORDS.map(lambda word: f"eu-{word}-1"), "region"),
    wrong(STAGE_FILE, st.from_regex(r"[A-Z_][A-Za-z_]{0,9}|[a-z]{25,40}", fullmatch=True), "project", "name"),
    wrong(STAGE_FILE, st.just(["subnet-0abc1234def567890"]), "network", "subnet_ids"),
    wrong(STAGE_FILE, WORDS.map(lambda word: {f"aws:{word}": "x"}), "tags"),
    wrong(STAGE_FILE, st.just(["arn:aws:iam::999988887777:role/OnCall"]), "break_glass"),
    wrong(STAGE_FILE, st.sampled_from([{"LogRetentionInDays": 31}, {"NoSuch": 1}]), "foundation"),
    wrong(STAGE_FILE, WORDS, "account_of_ours"),
    wrong(STAGE_FILE, st.just({"no_such_folder": {"schedule": "1 day"}}), "pipelines"),
    wrong(TOOLCHAIN_FILE, st.integers(-5, 4), "codepipeline", "ApprovalTimeoutInMinutes"),
    wrong(TOOLCHAIN_FILE, WORDS, "toolchain", "NoSuch"),
    wrong(SETTINGS, WORDS.map(lambda word: f"ml.{word}.large"), "inference", "instance_type"),
    wrong(SETTINGS, st.integers(-3, 0) | st.integers(101, 999), "processing", "instance_count"),
    wrong(SETTINGS, WORDS.map(lambda word: f"3 {word}s"), "schedule"),
    wrong(SETTINGS, st.just({"minimum": 2.0, "maximum": 1.0}), "verification"),
    wrong(SETTINGS, st.integers(max_value=0), "verification", "sample"),
    wrong(SETTINGS, st.floats(1.001, 9), "verification", "invalid_share"),
    wrong(SETTINGS, st.sampled_from(["input/more/", "releases/"]), "output_prefix"),
    wrong(SETTINGS, WORDS, "alarms", "email"),
    wrong(SETTINGS, WORDS.map(lambda word: f"{word}_group"), "model_package_group"),
    wrong(SETTINGS, st.just("200000000002"), "account"),
    wrong(SCHEMA, WORDS, "features", 0, "type"),
    wrong(SCHEMA, st.just("length"), "features", 0, "name"),
    wrong(SCHEMA, st.just([]), "predictions"),
)


def written(file: str, value: Any, keys: tuple[str | int, ...]) -> None:
    """The tree here, with one edit."""
    tree: Any = copy.deepcopy(TREE)
    within = tree[file]
    for key in keys[:-1]:
        within = within[key]
    within[keys[-1]] = value
    for name, document in tree.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(yaml.safe_dump(document))


# Read in this process, which takes a tenth of a second: what a build makes of one edit, and what a verb does.
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(WRONG_EDITS)
def test_an_invalid_edit_fails_a_build_with_what_the_verbs_say(edit: Edit) -> None:
    file, value, keys = edit
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("cloudformation").symlink_to(ROOT / "cloudformation")
        written(file, value, keys)
        with pytest.raises(SettingsError) as told:
            check_team_files.main([])
        said = f"{told.value.problem} {told.value.found} {told.value.next_command}"
        assert file in said
        assert folder not in said
        if file in (STAGE_FILE, SETTINGS) and keys != ("foundation",):
            with pytest.raises(SettingsError) as by_verb:
                StageContext.open("preprod")
            assert str(by_verb.value) == str(told.value)
