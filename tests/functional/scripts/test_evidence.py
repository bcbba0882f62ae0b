"""The approver's page of a real plan: a release that is live in prod, and the next one, which preprod has verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.scripts.site import SCORE, EmbeddedAws, Site

STAGE_OF_PLAN = ("--stage", "prod")


@pytest.fixture(scope="module")
def page(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Live: 0.5 for every row, daily on one ml.m5.large. Planned: 0.7, every 12 hours on an ml.m5.xlarge."""
    folder: Path = tmp_path_factory.mktemp("site")
    site = Site(folder, embedded_aws.address, embedded_aws.client)
    site.register()
    for stage in ("preprod", "prod"):
        site.put_input(stage)
        site.json("deploy", "--stage", stage)
    site.write_script(SCORE.replace("0.5", "0.7"))
    site.json("deploy", "--stage", "preprod")
    site.edit_stage("prod", "schedule: 1 day", "schedule: 12 hours")
    site.edit_stage("prod", "processing:\n  instance_type: ml.m5.large", "processing:\n  instance_type: ml.m5.xlarge")
    template = folder / "cloudformation/batch-inference.yml"
    template.write_text(template.read_text().replace("Name of the project;", "The project's name;"))
    site.json("deploy", "--stage", "preprod")
    planned = site.run("plan", *STAGE_OF_PLAN, "--evidence", "evidence.html")
    assert planned.returncode == 0, planned.stderr
    return (folder / "evidence.html").read_text()


def test_cost_is_by_the_sizes_and_the_schedule_of_the_stage_of_the_plan(page: str) -> None:
    assert "What a run costs in prod" in page
    assert "1 &times; ml.m5.xlarge" in page  # prod's, though preprod ran on an ml.m5.large
    assert "measured by the verifying execution in preprod (1 x ml.m5.large for processing" in page
    for expected in ("rate(1 day)", "rate(12 hours)", "30.4", "60.9"):
        assert expected in page


def test_the_live_templates_difference_the_parameters_and_the_policy_are_read(page: str) -> None:
    assert '<span class="added">+    Description: The project&#39;s name;' in page
    assert "<td>ProcessingInstanceType</td><td><code>ml.m5.large</code></td>" in page
    assert "Stack policy: the stack has none" in page


def test_the_scores_are_beside_those_of_the_live_release(page: str) -> None:
    assert "new (10 rows)" in page and "live (10 rows)" in page
    assert "a large shift" in page
    assert "Not compared: the predictions carry no record id" in page  # this pipeline has no transform job


def test_the_embedded_aws_has_commands_instead_of_links(page: str) -> None:
    assert "<a " not in page
    assert "aws cloudformation describe-stacks --stack-name" in page
    assert "aws logs tail /aws/sagemaker/ProcessingJobs" in page
