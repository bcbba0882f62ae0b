"""SageMaker's models of one account: their names, and the deletion of one."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors


class Models:
    """Models as one account's principal."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def names(self) -> list[str]:
        """Every model's name."""
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_models").paginate()
            return [each["ModelName"] for page in pages for each in page["Models"]]

    def delete(self, name: str) -> None:
        """Delete it; one that somebody else has just deleted is deleted."""
        with told_as_deployment_errors(self._account.actor):
            try:
                self._client.delete_model(ModelName=name)
            except ClientError as error:
                # DeleteModel has no code of its own for this.
                if error_code(error) != "ValidationException" or "Could not find model" not in str(error):
                    raise

    @property
    def _client(self) -> Any:
        return self._account.client("sagemaker")
