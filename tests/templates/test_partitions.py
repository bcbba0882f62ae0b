"""Every region of every partition that the SDK knows: a stage's names, its bound definition, the stacks' parameters.

The list is botocore's own, so that a partition that AWS adds fails here, with the region that it brings.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from scripts.decisions.console_links import Console, console_domain
from scripts.decisions.definition_binding import bind_definition
from scripts.decisions.foundation import Foundation, foundation_stack_parameters
from scripts.decisions.framework_images import image_problems
from scripts.decisions.names import StageNames
from scripts.decisions.partitions import PARTITIONS, REGION_PATTERN, find_partition, partition_of
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.stage_values import definition_defaults, infrastructure, stack_parameters
from scripts.decisions.stock_images import stock_image_uri
from scripts.errors import DefinitionError
from scripts.gateways.endpoints import is_aws
from scripts.gateways.regions import known_regions
from scripts.repository.template_linters import read_template

ROOT = Path(__file__).parents[2]
# Whatever profile a shell names: nothing here needs one.
SESSION = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
LISTED = SESSION.get_data("partitions")["partitions"]
REGIONS = [(each["id"], region) for each in LISTED for region in each["regions"] if not region.endswith("-global")]
TABLE = json.loads((ROOT / "pipelines/framework_images.json").read_text())["images"]
NAMED = {"Metadata": {"StockImages": {"Processing": {"Framework": "sklearn", "Version": "1.9-0"}}}}
each_region = pytest.mark.parametrize(("partition", "region"), REGIONS)


def settings_in(region: str, **more: Any) -> StageSettings:
    machine = {"instance_type": "ml.m5.large"}
    return StageSettings.model_validate(
        {
            "account": "550011223344",
            "dev_account": "012345670123",
            "region": region,
            "project": {"name": "harbour", "id": "p-harbour"},
            "model_package_group": "boats",
            "processing": machine,
            "inference": machine,
            **more,
        },
        context={"regions": known_regions()},
    )


def foundation_in(partition: str, region: str) -> Foundation:
    role = f"arn:{partition}:iam::550011223344:role/r"
    key = f"arn:{partition}:kms:{region}:550011223344:key/1"
    topic = f"arn:{partition}:sns:{region}:550011223344:t"
    return Foundation(role, role, f"harbour-preprod-{region}", key, role, role, topic, (), ())


@pytest.mark.aws_rule(
    "A region belongs to one partition, which every ARN names",
    page="https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html",
)
@each_region
def test_names_definition_and_parameters_are_those_of_the_partition(partition: str, region: str) -> None:
    settings, foundation = settings_in(region), foundation_in(partition, region)
    names = StageNames.of("preprod", settings)
    assert names.problems() == []
    parameter = {"Name": "RoleArn", "Type": "String"}
    step = {"Name": "S", "Type": "Processing", "Arguments": {"RoleArn": {"Get": "Parameters.RoleArn"}}}
    definition = {"Version": "2020-12-01", "Parameters": [parameter], "Steps": [step]}
    bound = bind_definition(
        definition, infrastructure(settings, foundation, None, None), definition_defaults(settings, foundation)
    )
    assert bound["Steps"][0]["Arguments"]["RoleArn"].startswith(f"arn:{partition}:iam::")
    package = f"arn:{partition}:sagemaker:{region}:550011223344:model-package/boats/1"
    given = {
        "batch-inference": {
            **stack_parameters(settings, names, foundation, "r-1", names.definition_key("ab" * 32)),
            "ModelPackageName": package,
        },
        "foundation": foundation_stack_parameters(names, settings),
    }
    arns = [arn for values in given.values() for value in values.values() for arn in value.split(",") if "arn:" in arn]
    assert arns
    assert [arn for arn in [names.role_arn("deployment"), *arns] if not arn.startswith(f"arn:{partition}:")] == []
    for template, values in given.items():
        declared = read_template(ROOT / f"cloudformation/{template}.yml")["Parameters"]
        for name, value in values.items():
            is_list = declared[name]["Type"] == "CommaDelimitedList"
            for each in value.split(",") if is_list else [value]:
                assert re.search(declared[name].get("AllowedPattern", ""), each), (template, name, each)


@each_region
def test_a_stages_image_is_pulled_from_its_own_region_or_refused_with_the_way_out(partition: str, region: str) -> None:
    try:
        uri = str(stock_image_uri(NAMED, "Processing", TABLE, region))
    except DefinitionError as error:
        assert region in error.problem
        assert "processing.image_uri" in str(error.next_command)
        own = f"550011223344.dkr.ecr.{region}.{_suffix(partition)}/harbour:1"
        assert settings_in(region, processing={"instance_type": "ml.m5.large", "image_uri": own})
        assert image_problems(TABLE, own, region) == []
        return
    assert uri.partition("/")[0].endswith(f".dkr.ecr.{region}.{_suffix(partition)}")
    assert image_problems(TABLE, uri, region) == []


@each_region
def test_the_editors_schema_takes_the_region_and_a_dotted_console_is_never_made_up(partition: str, region: str) -> None:
    assert re.search(REGION_PATTERN, region)
    names = StageNames.of("preprod", settings_in(region))
    link = Console(names, exists=True).stack("s", "id")[0]
    domain = console_domain(region)
    assert link.url.startswith(f"https://{domain}/") if domain else link.url == ""
    assert link.command.endswith(f"--region {region}")


@pytest.mark.parametrize("listed", LISTED, ids=lambda each: each["id"])
def test_the_table_of_partitions_is_the_sdks(listed: dict[str, Any]) -> None:
    ours = {each.name: each for each in PARTITIONS}[listed["id"]]
    assert ours.domain == listed["outputs"]["dnsSuffix"]
    for domain in (listed["outputs"]["dnsSuffix"], listed["outputs"]["dualStackDnsSuffix"]):
        assert is_aws(f"https://sagemaker.somewhere-1.{domain}/")
    for region in listed["regions"]:
        assert region.endswith("-global") or partition_of(region) == listed["id"]
    # Forms that no region has yet are told alike.
    for other in ("us-gov-north-7", "cn-south-2", "eusc-de-west-3", "us-isob-west-9", "ap-north-11", "eu-west"):
        theirs = [each["id"] for each in LISTED if re.match(each["regionRegex"], other)]
        found = find_partition(other)
        assert [found.name if found else None] == (theirs or [None])
    assert ours.has_codepipeline is bool(SESSION.get_available_regions("codepipeline", listed["id"]))
    assert ours.has_codecommit is bool(SESSION.get_available_regions("codecommit", listed["id"]))


def test_the_table_has_no_partition_that_the_sdk_lacks() -> None:
    assert {each.name for each in PARTITIONS} == {each["id"] for each in LISTED}


def test_the_approvals_link_leads_into_the_console_of_the_partition() -> None:
    consoles = read_template(ROOT / "cloudformation/codepipeline.yml")["Mappings"]["Consoles"]
    with_codepipeline = [each for each in PARTITIONS if each.has_codepipeline]
    assert {name: each["Domain"] for name, each in consoles.items()} == {
        each.name: each.console or "" for each in with_codepipeline
    }


def _suffix(partition: str) -> str:
    return str(next(each["outputs"]["dnsSuffix"] for each in LISTED if each["id"] == partition))
