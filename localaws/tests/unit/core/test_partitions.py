"""Which partition a region is in, and how its ARNs and addresses are written: for every region that the SDK knows."""

from __future__ import annotations

import botocore.session
import pytest
from moto.utilities.utils import PARTITION_NAMES, get_partition

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.partitions import UNPLAYED, object_url, partition_at, partition_of
from localaws.front_door.regions import refuse_unknown_region
from localaws.services.cloudformation.scope import pseudo_parameters
from localaws.services.cloudformation.template_source import s3_location

SESSION = botocore.session.get_session()
REGIONS = [
    (partition, region)
    for partition in SESSION.get_available_partitions()
    for region in SESSION.get_available_regions("ec2", partition)
]


@pytest.mark.aws_rule(
    "A region belongs to one partition, which every ARN names",
    page="https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html",
)
@pytest.mark.parametrize(("partition", "region"), REGIONS)
def test_identities_arns_and_pseudo_parameters_are_those_of_the_regions_partition(partition: str, region: str) -> None:
    caller = Caller.root("111111111111", region)
    assert caller.arn == f"arn:{partition}:iam::111111111111:root"
    assert caller.resource_arn("sqs", "q") == f"arn:{partition}:sqs:{region}:111111111111:q"
    pseudo = pseudo_parameters("111111111111", region, "id", "name", [])
    assert pseudo["AWS::Partition"] == partition
    suffix = pseudo["AWS::URLSuffix"]
    assert SESSION.get_component("endpoint_resolver").get_partition_dns_suffix(partition) == suffix
    assert s3_location(object_url(region, "bucket", "a/b")) == ("bucket", "a/b", None)
    assert s3_location(f"https://bucket.s3.{region}.{suffix}/a/b") == ("bucket", "a/b", None)


@pytest.mark.parametrize(("partition", "region"), REGIONS)
def test_a_partition_that_moto_mistakes_for_another_is_refused_by_name(partition: str, region: str) -> None:
    if partition in PARTITION_NAMES:
        assert get_partition(region) == partition_of(region)
        refuse_unknown_region(region)
        return
    assert partition in UNPLAYED
    with pytest.raises(ServiceError, match=f"does not play {partition}"):
        refuse_unknown_region(region)


def test_a_region_that_is_newer_than_the_list_is_told_by_its_form() -> None:
    assert partition_of("eu-west-9") == "aws"
    assert partition_of("cn-south-7") == "aws-cn"
    assert partition_at("eusc-de-east-2").suffix == "amazonaws.eu"
