"""Which instance types have disks of their own, for whose volume SageMaker takes no KMS key, and how large these are.

A Nitro instance encrypts its local disks by itself: a request that names a VolumeKmsKeyId for it is refused, and so is
a volume larger than the disks. The table is of the types that SageMaker has for processing and transform jobs, with
EC2's figures; of a family that is younger than the table it says that it does not know, and EC2's
DescribeInstanceTypes is asked instead.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_WITH_DISKS: Final[dict[str, dict[str, int]]] = {  # gigabytes of all disks together, by size
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
    "p4d": {"24xlarge": 8000},
    "p5": {"4xlarge": 3800, "48xlarge": 30400},
    "r5d": {
        **{"large": 75, "xlarge": 150, "2xlarge": 300, "4xlarge": 600},
        **{"8xlarge": 1200, "12xlarge": 1800, "16xlarge": 2400, "24xlarge": 3600},
    },
    "trn1": {"2xlarge": 474, "32xlarge": 7600},
}
_WITHOUT_DISKS: Final = frozenset(
    {
        *("t2", "t3", "m4", "m5", "m6i", "m7i", "m7i-flex", "m8i", "m8i-flex", "inf1", "inf2", "p2", "p3"),
        *("c4", "c5", "c5n", "c6i", "c7i", "c7i-flex", "c8i", "c8i-flex", "r5", "r6i", "r7i", "r8i", "r8i-flex"),
    }
)
_TYPE = re.compile(r"ml\.(?P<family>[a-z]+\d+(?P<options>[a-z-]*))\.(?P<size>[a-z0-9]+)")


def has_local_storage(instance_type: str, told: Mapping[str, bool] | None = None) -> bool | None:
    """Whether the type has local disks; None where neither the table nor ``told`` (by EC2, per type) knows.

    Of every family that is marked with a d (m5d, c6id, p4de) it is known by the name.
    """
    match = _TYPE.fullmatch(instance_type)
    if match is None:
        return None
    if match["family"] in _WITH_DISKS or "d" in match["options"]:
        return True
    if match["family"] in _WITHOUT_DISKS:
        return False
    return (told or {}).get(instance_type)


def local_gigabytes(instance_type: str) -> int | None:
    """The size of all local disks together; None where there are none, or where it is not known."""
    match = _TYPE.fullmatch(instance_type)
    return _WITH_DISKS.get(match["family"], {}).get(match["size"]) if match else None
