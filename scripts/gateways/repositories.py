"""CodeCommit repositories of the dev account.

https://docs.aws.amazon.com/codecommit/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors


def ensure_repository(account: Account, name: str) -> tuple[str, bool]:
    """The repository's HTTP clone URL, and whether it was created now."""
    client = account.client("codecommit")
    with told_as_deployment_errors(account.actor):
        try:
            return client.get_repository(repositoryName=name)["repositoryMetadata"]["cloneUrlHttp"], False
        except ClientError as error:
            if error_code(error) != "RepositoryDoesNotExistException":
                raise
        return client.create_repository(repositoryName=name)["repositoryMetadata"]["cloneUrlHttp"], True
