"""Which of SageMaker's instance types have disks of their own, and how large these are together. A table, no call.

Where there are local disks SageMaker mounts them instead of an EBS volume, so that a job can name no key for the volume
and none larger than the disks. The figures are those of EC2's DescribeInstanceTypes, which a test compares with.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
"""

from __future__ import annotations

from typing import Final

# Gigabytes of local disk, by family and size. A family that is not here has none in any size.
LOCAL_GIGABYTES: Final[dict[str, dict[str, int]]] = {
    "g4dn": {"xlarge": 125, "2xlarge": 225, "4xlarge": 225, "8xlarge": 900, "12xlarge": 900, "16xlarge": 900},
    "g5": {
        **{"xlarge": 250, "2xlarge": 450, "4xlarge": 600, "8xlarge": 900},
        **{"12xlarge": 3800, "16xlarge": 1900, "24xlarge": 3800, "48xlarge": 7600},
    },
    "g6": {
        **{"xlarge": 250, "2xlarge": 450, "4xlarge": 600, "8xlarge": 900},
        **{"12xlarge": 3760, "16xlarge": 1880, "24xlarge": 3760, "48xlarge": 7520},
    },
    "g6e": {
        **{"xlarge": 250, "2xlarge": 450, "4xlarge": 600, "8xlarge": 900},
        **{"12xlarge": 3800, "16xlarge": 1900, "24xlarge": 3800, "48xlarge": 7600},
    },
    "g7": {"2xlarge": 440, "4xlarge": 875, "8xlarge": 930, "12xlarge": 1900, "24xlarge": 3800, "48xlarge": 7600},
    "g7e": {"2xlarge": 1900, "4xlarge": 1900, "8xlarge": 1900, "12xlarge": 3800, "24xlarge": 7600, "48xlarge": 15200},
    "p5": {"4xlarge": 3800},
    "r5d": {
        **{"large": 75, "xlarge": 150, "2xlarge": 300, "4xlarge": 600},
        **{"8xlarge": 1200, "12xlarge": 1800, "16xlarge": 2400, "24xlarge": 3600},
    },
    "trn1": {"2xlarge": 474, "32xlarge": 7600},
}


def local_gigabytes(instance_type: str) -> int | None:
    """The size of all local disks of ``ml.<family>.<size>`` together; None where it has none."""
    _, family, size = instance_type.split(".")
    return LOCAL_GIGABYTES.get(family, {}).get(size)
