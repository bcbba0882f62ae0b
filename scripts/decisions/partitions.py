"""AWS's partitions: which one a region is in, how its domains end, and where its console is.

A table, since decisions read no files and import no AWS library; a test compares it with botocore's own list, region by
region, so that a new partition fails a test and not a deployment.
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Partition:
    """``regions`` is the form of its regions' names. ``console`` is None where no public page says where it is.

    Where there is no CodePipeline, stages are deployed by hand; without CodeCommit it reads its source from GitHub.
    """

    name: str
    regions: str
    domain: str
    console: str | None = None
    has_codepipeline: bool = True
    has_codecommit: bool = True


PARTITIONS: Final = (
    Partition("aws", r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+", "amazonaws.com", "console.aws.amazon.com"),
    Partition("aws-cn", r"cn-[a-z]+-[0-9]+", "amazonaws.com.cn", "console.amazonaws.cn"),
    Partition("aws-us-gov", r"us-gov-[a-z]+-[0-9]+", "amazonaws.com", "console.amazonaws-us-gov.com"),
    Partition("aws-eusc", r"eusc-de-[a-z]+-[0-9]+", "amazonaws.eu", "console.amazonaws-eusc.eu", has_codecommit=False),
    Partition("aws-iso", r"us-iso-[a-z]+-[0-9]+", "c2s.ic.gov", has_codepipeline=False, has_codecommit=False),
    Partition("aws-iso-b", r"us-isob-[a-z]+-[0-9]+", "sc2s.sgov.gov", has_codepipeline=False, has_codecommit=False),
    Partition("aws-iso-e", r"eu-isoe-[a-z]+-[0-9]+", "cloud.adc-e.uk", has_codepipeline=False, has_codecommit=False),
    Partition("aws-iso-f", r"us-isof-[a-z]+-[0-9]+", "csp.hci.ic.gov", has_codecommit=False),
)
# What the JSON Schema of a stage file offers editors: a region of any of them.
REGION_PATTERN: Final = "^(" + "|".join(each.regions for each in PARTITIONS) + ")$"


def find_partition(region: str) -> Partition | None:
    """The partition of a region, known or new, by the form of its name; None where no partition has such regions."""
    return next((each for each in PARTITIONS if re.fullmatch(each.regions, region)), None)


def partition_of(region: str) -> str:
    """The partition as ARNs name it. The region is one that a stage file may have: of a known partition."""
    partition = find_partition(region)
    if partition is None:
        raise ValueError(f'"{region}" is a region of no partition of AWS')
    return partition.name
