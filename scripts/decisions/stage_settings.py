"""A stage's settings for one pipeline: what ``stages/<stage>.yml`` and ``pipelines/<pipeline>/settings.yml`` may say.

``scripts.workspace.stage_files`` reads the files and tells what is wrong with them; this module calls no AWS API and
reads no file. The JSON Schemas that editors use (``schema.json`` in both folders) are generated from these classes.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from scripts.decisions.partitions import REGION_PATTERN, find_partition, partition_of
from scripts.decisions.schedule import Schedule, hours_between_runs, parse_schedule
from scripts.decisions.toolchain_settings import Parameters

ACCOUNT_PATTERN = r"^[0-9]{12}$"
GROUP_PATTERN = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
PIPELINE_PATTERN = r"^[a-z][a-z0-9_]*$"
UNNAMED_PIPELINE = "unnamed"  # where a tree has no pipeline: for what is the account's alone
SLACK_HOURS = 2
# What a deployment itself keeps in the stage's bucket.
RESERVED_PREFIXES = (
    "break-glass/",
    "ledger/",
    "locks/",
    "model-artifacts/",
    "model-metrics/",
    "pipeline/",
    "releases/",
    "sample-input/",
    "schedule/",
)
LONGEST_ALARM_WINDOW_HOURS = 168  # CloudWatch looks back seven days at most

Account = Annotated[str, Field(pattern=ACCOUNT_PATTERN)]
Prefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*/?$", max_length=256)]
# As aws:PrincipalArn has it: of a role's session the role's own ARN.
Principal = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[\w+=,.@/*-]+$", max_length=256)]
# IAM's, whose roles have the stack's tags too; other services take more.
TagValue = Annotated[str, Field(pattern=r"^[\w .:/=+@-]*$", max_length=256)]
Filter = Annotated[str, Field(pattern=r"^\$", max_length=63)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Project(_Part):
    """The SageMaker project that everything belongs to."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=24)] = Field(
        description="Lower-case letters, digits and single hyphens; a letter first. Part of the bucket name."
    )
    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", max_length=20)] = Field(
        description="The SageMaker project's id, e.g. p-abc123."
    )
    arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:project/.+$")] | None = Field(
        default=None, description="The SageMaker project's ARN, if there is one; it becomes a tag."
    )


class Instances(_Part):
    """On how many machines of which type a step runs."""

    instance_type: str = Field(description="A SageMaker instance type, e.g. ml.m5.xlarge.")
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1


class Processing(Instances):
    """The processing step's machines and, where the SDK's stock image does not do, its image."""

    image_uri: Annotated[str, Field(pattern=r"^\S+$", max_length=255)] | None = Field(
        default=None, description="Your own container image, instead of the SDK's scikit-learn image."
    )

    @field_validator("instance_type")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        return _known_instance_type(value, "processing", info)


class Inference(Instances):
    """The batch transform step's machines."""

    @field_validator("instance_type")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        return _known_instance_type(value, "inference", info)


class Network(_Part):
    """The stage account's private network for jobs; empty lists mean SageMaker's own."""

    subnet_ids: Annotated[list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]], Field(max_length=16)] = []
    security_group_ids: Annotated[list[Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")]], Field(max_length=5)] = []

    @model_validator(mode="after")
    def _both_or_none(self) -> Network:
        if bool(self.subnet_ids) != bool(self.security_group_ids):
            raise ValueError("give both subnet_ids and security_group_ids, or neither")
        return self


class Transform(_Part):
    """How the input is cut into requests and the answers are put together; left out, as the pipeline itself says.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
    """

    batch_strategy: Literal["MultiRecord", "SingleRecord"] | None = None
    split_type: Literal["None", "Line", "RecordIO", "TFRecord"] | None = None
    max_payload_in_mb: Annotated[int, Field(ge=0, le=100)] | None = None
    max_concurrent_transforms: Annotated[int, Field(ge=0, le=100)] | None = None
    accept: Annotated[str, Field(max_length=256)] | None = None
    content_type: Annotated[str, Field(max_length=256)] | None = None
    input_filter: Filter | None = None
    output_filter: Filter | None = None
    join_source: Literal["Input", "None"] | None = None

    @model_validator(mode="after")
    def _combination(self) -> Transform:
        if (self.max_concurrent_transforms or 0) * (self.max_payload_in_mb or 6) > 100:
            raise ValueError("max_concurrent_transforms times max_payload_in_mb may not exceed 100")
        if self.join_source == "Input" and self.accept and self.content_type and self.accept != self.content_type:
            raise ValueError("with join_source Input, accept and content_type must be the same")
        return self


class Verification(_Part):
    """When the output of a verifying execution is good enough for the release to go further."""

    sample: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1000, description="Number of prediction rows to read and check, spread over the files."
    )
    minimum_rows: Annotated[int, Field(ge=0)] = Field(
        default=1, description="The smallest number of predictions allowed."
    )
    equal_rows: bool = Field(
        default=True,
        description="Require one prediction per row that preprocessing accepts, by its report; without a report, per "
        "row of the input. Set it to false if rows and predictions do not correspond.",
    )
    input_header: bool = Field(
        default=False,
        description="Each CSV input file begins with a header line, which is not counted where preprocessing reports "
        "no rows.",
    )
    prediction: int | str = Field(
        default=-1,
        description="Where the prediction is in an output row: a column (0 is the first, -1 the last) or a JSON key.",
    )
    minimum: float | None = Field(default=None, description="The smallest value that a prediction may have.")
    maximum: float | None = Field(default=None, description="The largest value that a prediction may have.")
    mean_minimum: float | None = Field(default=None, description="The smallest mean that the sample may have.")
    mean_maximum: float | None = Field(default=None, description="The largest mean that the sample may have.")
    invalid_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0, description="The share of the sample that may be not a number, or outside minimum and maximum."
    )

    @model_validator(mode="after")
    def _bounds_that_something_passes(self) -> Verification:
        for low, high in (("minimum", "maximum"), ("mean_minimum", "mean_maximum")):
            smallest, largest = getattr(self, low), getattr(self, high)
            if smallest is not None and largest is not None and smallest > largest:
                raise ValueError(f"{low} ({smallest}) is larger than {high} ({largest}): nothing would pass")
        return self


class Alarms(_Part):
    """Who hears of a stage that fails, and after how many hours without success."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    hours_without_success: Annotated[int, Field(ge=1, le=LONGEST_ALARM_WINDOW_HOURS)] | None = Field(
        default=None, description="Default: the schedule's period plus two hours, at most a week."
    )


class StageSettings(_Part):
    """Everything that differs between stages, and nothing that does not."""

    account: Account = Field(description="The stage's AWS account: 12 digits, in quotes.")
    dev_account: Account = Field(description="The account where models are approved: 12 digits, in quotes.")
    region: str = Field(
        description="The region, e.g. ap-southeast-2: the same in every stage. Its partition (aws, aws-cn, aws-us-gov, "
        "aws-eusc, ...) is that of all accounts.",
        json_schema_extra={"pattern": REGION_PATTERN},
    )
    project: Project
    model_package_group: Annotated[str, Field(pattern=GROUP_PATTERN, max_length=63)] = Field(
        description="The model package group in the dev account whose newest Approved version is deployed."
    )
    pipeline: Annotated[str, Field(pattern=PIPELINE_PATTERN, max_length=40)] = Field(
        default=UNNAMED_PIPELINE,
        description="The folder of pipelines/ that verbs take without PIPELINE=. Not needed where there is only one.",
        json_schema_extra=lambda schema: schema.pop("default"),  # type: ignore[arg-type]
    )
    pipeline_role_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")] | None = Field(
        default=None, description="Your own role for the pipeline, instead of the foundation's."
    )
    schedule: str = Field(
        default="1 day",
        description='"1 day", "12 hours", "rate(1 day)" or "cron(0 3 * * ? *)": cron is in UTC all year.',
    )
    schedule_enabled: bool = Field(
        default=True, description="Set it to false to stop scheduled runs; make run still works."
    )
    processing: Processing
    inference: Inference
    input_prefix: Prefix = Field(default="input/", description="Prefix of the input data in the stage's bucket.")
    output_prefix: Prefix = Field(
        default="predictions/",
        description="Prefix of the predictions, with one folder per execution.",
        validate_default=True,  # it may be the input that leaves no room for the default
    )
    network_isolation: bool = Field(
        default=True,
        description="Set it to false if the model's container needs the network, e.g. to install packages.",
    )
    network: Network = Network()
    deployed_by_hand: bool = Field(
        default=False,
        description="Whether people of the dev account may deploy here. Without it, only the CodePipeline changes the "
        "stage, and people read it.",
    )
    break_glass: Annotated[list[Principal], Field(max_length=20)] = Field(
        default=[],
        description="Who may change a stage past its CodePipeline with BREAK_GLASS, which is recorded and told: ARNs "
        "of users and roles of the dev account; * stands for any characters. Without any there is no such role.",
    )
    foundation: Parameters = Field(
        default={},
        description="Parameters of cloudformation/foundation.yml that no other setting decides, by the template's "
        "names. What is not given here keeps the value that the stack has.",
    )
    transform: Transform = Transform()
    parameters: dict[str, str | int | float | bool] = Field(
        default={}, description="This stage's defaults for other parameters that the pipeline declares."
    )
    verification: Verification = Verification()
    alarms: Alarms = Alarms()
    tags: dict[Annotated[str, Field(pattern=r"^[\w .:/=+@-]{1,128}$")], TagValue] = Field(
        default={}, max_length=40, description="Tags for every resource of the stage."
    )

    @field_validator("region")
    @classmethod
    def _region_that_exists(cls, value: str, info: ValidationInfo) -> str:
        known: Any = (info.context or {}).get("regions")
        if find_partition(value) is None or (known is not None and value not in known):
            near = ", ".join(get_close_matches(value, known or (), n=3))
            raise ValueError(f'AWS has no region "{value}"' + (f"; near: {near}" if near else ""))
        return value

    @model_validator(mode="after")
    def _arns_of_the_regions_partition(self) -> StageSettings:
        """Partitions share nothing: an ARN of another one could never be reached."""
        partition = partition_of(self.region)
        for name, arn in (("pipeline_role_arn", self.pipeline_role_arn), ("project.arn", self.project.arn)):
            if arn and not arn.startswith(f"arn:{partition}:"):
                raise ValueError(
                    f"{name} {arn} is of another partition than {self.region}, whose ARNs begin arn:{partition}:"
                )
        return self

    @field_validator("schedule")
    @classmethod
    def _schedule_that_eventbridge_takes(cls, value: str) -> str:
        parse_schedule(value)
        return value

    @field_validator("input_prefix", "output_prefix")
    @classmethod
    def _prefixes_apart(cls, value: str, info: ValidationInfo) -> str:
        """What a run writes must be no input of the next one, and nobody's data may lie where releases are kept."""
        if {".", ".."} & set(value.split("/")):
            raise ValueError(f'"{value}" has a part that is only periods, which S3\'s clients take for a folder above')
        for reserved in RESERVED_PREFIXES:
            if _overlap(value, reserved):
                raise ValueError(f'"{value}" overlaps {reserved}, where the deployment keeps its own')
        before = info.data.get("input_prefix")  # known to output_prefix alone, which stands behind it
        if before is not None and _overlap(value, before):
            raise ValueError(f'"{value}" overlaps input_prefix "{before}": predictions would be scored as input')
        return value

    @field_validator("tags")
    @classmethod
    def _tags_that_are_not_reserved(cls, value: dict[str, str]) -> dict[str, str]:
        for key in value:
            if key.lower().startswith("aws:"):
                raise ValueError(f'"{key}" is not allowed: AWS reserves the prefix aws:')
        alike = [key for key in value if [each.lower() for each in value].count(key.lower()) > 1]
        if alike:
            raise ValueError(f"{' and '.join(alike)} differ in case alone, which IAM takes for one key")
        return value

    @field_validator("break_glass")
    @classmethod
    def _people_of_dev(cls, value: list[str], info: ValidationInfo) -> list[str]:
        """The role trusts the dev account alone: a principal of another one would be let in by nobody."""
        dev = info.data.get("dev_account")
        for arn in value:
            if dev is not None and arn.split(":")[4] != dev:
                raise ValueError(f'"{arn}" is not of the dev account {dev}, whose principals alone may break the glass')
        return value

    @property
    def parsed_schedule(self) -> Schedule:
        return parse_schedule(self.schedule)

    @property
    def hours_without_success(self) -> int:
        """After so many hours without a successful execution the alarm rings."""
        if self.alarms.hours_without_success is not None:
            return self.alarms.hours_without_success
        period = hours_between_runs(self.parsed_schedule) or 24.0
        return min(int(-(-period // 1)) + SLACK_HOURS, LONGEST_ALARM_WINDOW_HOURS)

    @property
    def stack_tags(self) -> dict[str, str]:
        """The stage file's tags, and the project's ARN; the templates themselves tag with its name and id."""
        return {**({"sagemaker:project-arn": self.project.arn} if self.project.arn else {}), **self.tags}


# What is a pipeline's own: what its settings.yml may say, and a stage file for it or for all pipelines of the stage.
PIPELINE_SETTINGS: Final = frozenset(
    {
        "model_package_group",
        "schedule",
        "schedule_enabled",
        "processing",
        "inference",
        "input_prefix",
        "output_prefix",
        "network_isolation",
        "transform",
        "parameters",
        "verification",
        "alarms",
    }
)


def _overlap(one: str, other: str) -> bool:
    """Whether one of two prefixes lies within the other."""
    folders = sorted(f"{each.rstrip('/')}/" for each in (one, other))
    return folders[1].startswith(folders[0])


def _known_instance_type(value: str, use: str, info: ValidationInfo) -> str:
    """Refuse what SageMaker does not know, by the validation context: {"processing": {...}, "inference": {...}}."""
    known: Any = (info.context or {}).get(use)
    if known is not None and value not in known:
        near = get_close_matches(value, known, n=3, cutoff=0.5)
        raise ValueError(
            f'SageMaker has no instance type "{value}" for {use}' + (f"; near: {', '.join(near)}" if near else "")
        )
    return value
