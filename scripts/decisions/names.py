"""Every name and S3 key of a stage, in one place, and AWS's limits on them.

Names are made from the project, the pipeline and the stage alone, so that a repeated command finds what an earlier
one made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from scripts.decisions.partitions import partition_of
from scripts.decisions.stage_settings import StageSettings
from scripts.errors import SettingsError

# The roles that the foundation makes for those who work in a stage, each for what its actor does there alone.
RoleKind = Literal["reader", "promoter", "verifier", "deployment", "break-glass"]

SHORT_DIGEST = 12
_LONGEST_BUCKET = 63
_LONGEST_ROLE = 64
_LONGEST_GROUP = 63
_LONGEST_STACK = 128
BREAK_GLASS_FOLDER = "break-glass/"  # of a stage's bucket: who changed it past its CodePipeline, and why
LEDGER_FOLDER = "ledger/"  # of a stage's bucket: what was done there, entry by entry
LOCKS_FOLDER = "locks/"  # of a stage's bucket: who changes a pipeline's stack now
# What not even the deletion of a stage's data deletes: who did it stays known.
KEPT_FOLDERS = (BREAK_GLASS_FOLDER, LEDGER_FOLDER, LOCKS_FOLDER)
CODE_FOLDER = "pipeline/"  # of a stage's bucket: what its pipelines are made of
_LONGEST_CODEPIPELINE = 100
BATCH_TEMPLATE = "cloudformation/batch-inference.yml"
FOUNDATION_TEMPLATE = "cloudformation/foundation.yml"
ROLES_TEMPLATE = "cloudformation/roles.yml"
TOOLCHAIN_TEMPLATE = "cloudformation/toolchain.yml"
CODEPIPELINE_TEMPLATE = "cloudformation/codepipeline.yml"


@dataclass(frozen=True)
class StageNames:
    """The names of one stage. ``pipeline`` is the folder's name; on AWS its underscores are hyphens."""

    project: str
    stage: str
    account: str
    dev_account: str
    region: str
    pipeline: str
    group: str

    @classmethod
    def of(cls, stage: str, settings: StageSettings) -> StageNames:
        return cls(
            project=settings.project.name,
            stage=stage,
            account=settings.account,
            dev_account=settings.dev_account,
            region=settings.region,
            pipeline=settings.pipeline,
            group=settings.model_package_group,
        )

    @property
    def partition(self) -> str:
        return partition_of(self.region)

    @property
    def foundation_stack(self) -> str:
        return f"{self.project}-foundation-{self.stage}"

    @property
    def roles_stack(self) -> str:
        """The roles of those who act in the stage from dev; it stands on the foundation."""
        return f"{self.project}-roles-{self.stage}"

    @property
    def batch_stack(self) -> str:
        return f"{self.project}-{self.pipeline.replace('_', '-')}-{self.stage}"

    @property
    def sagemaker_pipeline(self) -> str:
        return self.batch_stack

    @property
    def toolchain_stack(self) -> str:
        return f"{self.project}-toolchain"

    @property
    def toolchain_bucket(self) -> str:
        """In dev: the artifacts of the CodePipelines, and the evidence of each approval."""
        return f"{self.project}-toolchain-{self.dev_account}-{self.region}"

    @property
    def dev_bucket(self) -> str:
        """In dev: the project's own bucket of models, which ``make register`` makes."""
        return f"{self.project}-dev-{self.dev_account}-{self.region}"

    @property
    def codepipeline(self) -> str:
        """The CodePipeline of this pipeline; ``codepipeline.yml`` makes the same name."""
        return f"{self.project}-{self.pipeline.replace('_', '-')}"

    @property
    def codepipeline_stack(self) -> str:
        return f"{self.codepipeline}-codepipeline"

    @property
    def bucket(self) -> str:
        return f"{self.project}-{self.stage}-{self.account}-{self.region}"

    def role(self, kind: RoleKind) -> str:
        return f"{self.project}-{self.stage}-{kind}"

    def role_arn(self, kind: RoleKind) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role/{self.role(kind)}"

    @property
    def parameter_path(self) -> str:
        return f"/{self.stage}/"

    @property
    def target_group(self) -> str:
        """The same name as in dev, but where the stage shares dev's account, in which that name is taken."""
        return f"{self.group}-{self.stage}" if self.account == self.dev_account else self.group

    @property
    def model_package_arns(self) -> list[str]:
        """The group in the stage's account, and every version of it, as a policy names them."""
        registry = f"arn:{self.partition}:sagemaker:{self.region}:{self.account}"
        return [
            f"{registry}:model-package-group/{self.target_group}",
            f"{registry}:model-package/{self.target_group}/*",
        ]

    def artifact_prefix(self, version: int, digest: str) -> str:
        return f"model-artifacts/{self.group}/v{version}-{digest[:SHORT_DIGEST]}/"

    def metrics_prefix(self, version: int, digest: str) -> str:
        return f"model-metrics/{self.group}/v{version}-{digest[:SHORT_DIGEST]}/"

    def definition_key(self, sha256: str) -> str:
        return f"{CODE_FOLDER}{self.pipeline}/definition-{sha256[:SHORT_DIGEST]}.json"

    def code_prefix(self, sha256: str) -> str:
        """Where a release's code is in the stage's bucket; below it, paths are those of the tree."""
        return f"{CODE_FOLDER}{self.pipeline}/code-{sha256[:SHORT_DIGEST]}/"

    @property
    def live_key(self) -> str:
        """Where the stage's bucket says which release of this pipeline is live and verified."""
        return f"releases/live-{self.pipeline}.json"

    @property
    def verified_key(self) -> str:
        """Where the stage's bucket says which release of this pipeline it verified last."""
        return f"releases/verified-{self.pipeline}.json"

    @property
    def schedule_key(self) -> str:
        """Where the stage's bucket says to what this pipeline's schedule was switched last, by whom and why."""
        return f"schedule/{self.pipeline}.json"

    @property
    def lock_key(self) -> str:
        """Where the stage's bucket says who changes this pipeline's stack now."""
        return f"{LOCKS_FOLDER}{self.pipeline}.json"

    @property
    def ledger_folder(self) -> str:
        """Where the stage's bucket keeps what was done here with this pipeline, an object for each entry."""
        return f"{LEDGER_FOLDER}{self.pipeline}/"

    @property
    def ledger_head_key(self) -> str:
        """Which of them is the last one. No pipeline's name has a hyphen, so no folder has this name."""
        return f"{LEDGER_FOLDER}head-{self.pipeline}.json"

    def problems(self) -> list[str]:
        """Names that AWS would refuse or that are taken, one sentence each; empty where all can be had."""
        limits = [
            ("bucket", self.bucket, _LONGEST_BUCKET),
            *((f"{kind} role", self.role(kind), _LONGEST_ROLE) for kind in get_args(RoleKind)),
            ("model package group", self.target_group, _LONGEST_GROUP),
            ("stack", self.batch_stack, _LONGEST_STACK),
            ("CodePipeline", self.codepipeline, _LONGEST_CODEPIPELINE),
            ("stack", self.codepipeline_stack, _LONGEST_STACK),
        ]
        too_long = [
            f'{kind} name "{name}" has {len(name)} characters, AWS allows {limit}'
            for kind, name, limit in limits
            if len(name) > limit
        ]
        own = {self.foundation_stack: "foundation", self.roles_stack: "roles"}
        taken = own.get(self.batch_stack)
        return [*too_long, f'stack name "{self.batch_stack}" is that of the stage\'s {taken}'] if taken else too_long


def names_that_fit(stage: str, settings: StageSettings) -> StageNames:
    """Raises SettingsError for settings whose names AWS would refuse, or that are taken."""
    names = StageNames.of(stage, settings)
    problems = names.problems()
    if problems:
        raise SettingsError(
            "a name made from these settings is longer than AWS allows, or taken",
            found=problems,
            next_command=f"shorten project.name in stages/{stage}.yml, model_package_group, or the pipeline's name",
        )
    return names


def template_key(sha256: str) -> str:
    """Where a bucket keeps a template that is too large to be sent to CloudFormation as it is."""
    return f"{CODE_FOLDER}templates/{sha256[:SHORT_DIGEST]}.yml"


def release_key(release_id: str, name: str = "release.json") -> str:
    """Where a stage's bucket keeps what belongs to a release: ``release.json``, ``verification.json``, its files."""
    return f"releases/{release_id}/{name}"
