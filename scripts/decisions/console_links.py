"""Where the AWS console shows what the evidence speaks of, and the command that shows it without a console.

The embedded AWS has no console: there, no link is made at all. SageMaker shows pipelines and model packages in Studio
alone, whose pages have no address that could be known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from scripts.decisions.names import StageNames
from scripts.decisions.partitions import find_partition

_JOBS = {"processing-job": "ProcessingJobs", "transform-job": "TransformJobs"}


@dataclass(frozen=True)
class Link:
    """``url`` is empty where there is no page; ``command`` shows the same. ``stage`` is whose account it is in."""

    what: str
    url: str
    command: str
    stage: str


def console_domain(region: str) -> str | None:
    """None where no public page says where the partition's console is: the command shows the same.

    https://docs.aws.amazon.com/general/latest/gr/console-and-sign-in-endpoints.html
    """
    partition = find_partition(region)
    return f"{region}.{partition.console}" if partition and partition.console else None


class Console:
    """The console of one stage's account and region; ``exists`` is false on the embedded AWS."""

    def __init__(self, names: StageNames, *, exists: bool) -> None:
        self._names, self._exists = names, exists and console_domain(names.region) is not None

    def stack(self, name: str, stack_id: str) -> tuple[Link, ...]:
        page = f"{self._service('cloudformation')}#/stacks/"
        query = f"?stackId={quote(stack_id, safe='')}"
        describe = f"aws cloudformation describe-stacks --stack-name {name}"
        changes = f"aws cloudformation list-change-sets --stack-name {name}"
        return (
            self._link(f"stack {name}", f"{page}stackinfo{query}", describe),
            self._link(f"change sets of {name}", f"{page}changesets{query}", changes),
        )

    def execution(self, arn: str) -> Link:
        command = f"aws sagemaker list-pipeline-execution-steps --pipeline-execution-arn {arn}"
        return self._link(
            f"pipeline execution {arn.rsplit('/', 1)[-1]} (in Studio: Pipelines)", self._studio(), command
        )

    def model_package(self, arn: str) -> Link:
        command = f"aws sagemaker describe-model-package --model-package-name {arn}"
        return self._link(f"model package {'/'.join(arn.split('/')[-2:])} (in Studio: Models)", self._studio(), command)

    def job(self, step: str, job_arn: str) -> tuple[Link, ...]:
        """A job's page and its logs; none for a step without such a job."""
        kind, _, name = job_arn.rpartition(":")[2].partition("/")
        if kind not in _JOBS:
            return ()
        group = f"/aws/sagemaker/{_JOBS[kind]}"
        logs = f"{self._service('cloudwatch')}#logsV2:log-groups/log-group/{_twice(group)}"
        describe = f"aws sagemaker describe-{kind} --{kind}-name {name}"
        tail = f"aws logs tail {group} --log-stream-name-prefix {name} --since 30d"
        return (
            self._link(f"job of step {step}", f"{self._service('sagemaker')}#/{kind}s/{quote(name)}", describe),
            self._link(f"logs of step {step}", f"{logs}$3FlogStreamNameFilter$3D{_twice(name)}", tail),
        )

    def _link(self, what: str, url: str, command: str) -> Link:
        region = f"{command} --region {self._names.region}"
        return Link(what, url if self._exists else "", region, self._names.stage)

    def _studio(self) -> str:
        return f"{self._service('sagemaker')}#/studio-landing"

    def _service(self, service: str) -> str:
        region = self._names.region
        return f"https://{console_domain(region)}/{service}/home?region={region}"


def _twice(text: str) -> str:
    """As CloudWatch's pages want it: escaped twice, the second time with $ for %."""
    return quote(quote(text, safe=""), safe="").replace("%", "$")
