"""What a stage's foundation tells the deployment through SSM, in one call for most stages."""

from __future__ import annotations

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import told_as_deployment_errors


def parameters_below(account: Account, path: str) -> dict[str, str]:
    """Name below ``path`` -> value of every parameter there."""
    with told_as_deployment_errors(account.actor):
        pages = account.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path.rstrip("/"))
        return {each["Name"].rsplit("/", 1)[-1]: each["Value"] for page in pages for each in page["Parameters"]}


def write_parameter(account: Account, name: str, value: str) -> None:
    with told_as_deployment_errors(account.actor):
        account.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
