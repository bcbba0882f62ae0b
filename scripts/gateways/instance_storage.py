"""What EC2 says of an instance type's own disks."""

from __future__ import annotations

from collections.abc import Collection

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_UNKNOWN_TYPE = "InvalidInstanceType"


def local_storage_told(account: Account, instance_types: Collection[str]) -> dict[str, bool]:
    """SageMaker's instance type -> whether EC2 says that it has local storage; without the types that EC2 lacks.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
    """
    found: dict[str, bool] = {}
    for name in instance_types:  # one at a time: a single type that EC2 does not know refuses a whole request
        with told_as_deployment_errors(account.actor):
            try:
                answer = account.client("ec2").describe_instance_types(InstanceTypes=[name.removeprefix("ml.")])
            except ClientError as error:
                if error_code(error) == _UNKNOWN_TYPE:
                    continue
                raise
        found[name] = any(each["InstanceStorageSupported"] for each in answer["InstanceTypes"])
    return found
