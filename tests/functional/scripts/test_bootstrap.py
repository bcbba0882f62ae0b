"""``bootstrap``: run again."""

from __future__ import annotations

from tests.functional.conftest import PREPROD
from tests.functional.scripts.site import Site


def test_bootstrapping_again_changes_nothing(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")  # with this site's model package group
    answer = site.json("bootstrap", "--yes", "--no-toolchain")
    assert [each["changed"] for each in answer["stacks"]] == [False, False]


def test_bootstrapping_writes_parameters_that_somebody_deleted(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")
    ssm = site.client("ssm", account=PREPROD)
    before = ssm.get_parameter(Name="/preprod/kms_key_arn")["Parameter"]["Value"]
    ssm.delete_parameter(Name="/preprod/kms_key_arn")
    answer = site.json("bootstrap", "--yes", "--no-toolchain")
    assert ssm.get_parameter(Name="/preprod/kms_key_arn")["Parameter"]["Value"] == before
    assert [each["changed"] for each in answer["stacks"]] == [True, False]
