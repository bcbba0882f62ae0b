"""Addresses of the AWS console, in each partition, and none where there is no console."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.decisions.console_links import Console, console_domain
from tests.unit.scripts.releases import NAMES

JOB = "arn:aws:sagemaker:ap-southeast-2:550011223344:transform-job/pipelines-x-Transform-y"
STACK = "arn:aws:cloudformation:ap-southeast-2:550011223344:stack/s/1"


@pytest.mark.aws_rule(
    "Each partition has a console of its own",
    page="https://docs.aws.amazon.com/general/latest/gr/console-and-sign-in-endpoints.html",
)
@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("ap-southeast-2", "ap-southeast-2.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_each_partition_has_its_own_console(region: str, domain: str) -> None:
    assert console_domain(region) == domain
    link = Console(replace(NAMES, region=region), exists=True).stack("s", STACK)[0]
    assert link.url.startswith(
        f"https://{domain}/cloudformation/home?region={region}#/stacks/stackinfo?stackId=arn%3Aaws"
    )
    assert link.command.endswith(f"--region {region}")


def test_a_jobs_logs_are_found_by_its_streams() -> None:
    page, logs = Console(NAMES, exists=True).job("Transform", JOB)
    assert page.url.endswith("#/transform-jobs/pipelines-x-Transform-y")
    assert page.command.startswith("aws sagemaker describe-transform-job --transform-job-name pipelines-x-Transform-y")
    assert "log-group/$252Faws$252Fsagemaker$252FTransformJobs$3FlogStreamNameFilter$3Dpipelines-x" in logs.url


def test_a_step_without_a_job_has_no_link() -> None:
    assert Console(NAMES, exists=True).job("Condition", "") == ()


def test_the_embedded_aws_gets_no_dead_link_but_the_command() -> None:
    console = Console(NAMES, exists=False)
    links = [
        *console.stack("s", STACK),
        console.execution("arn/e"),
        console.model_package("arn/g/1"),
        *console.job("T", JOB),
    ]
    assert not any(link.url for link in links)
    assert all(link.command.startswith("aws ") and link.stage == NAMES.stage for link in links)
