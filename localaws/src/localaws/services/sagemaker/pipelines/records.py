"""What is remembered of pipelines, their versions, executions and steps: documents and the ARNs that name them.

A pipeline's ARN is in lower case whatever its name's case, as on AWS; every look-up disregards case.
"""

from __future__ import annotations

import re
import secrets
import string
from typing import Any

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.store import Document, Store

_EXECUTION_ARN = re.compile(
    r"arn:[^:]+:sagemaker:(?P<region>[^:]+):(?P<account>\d{12}):pipeline/(?P<pipeline>[^/]+)/execution/(?P<id>[^/]+)"
)
_LETTERS = string.ascii_lowercase + string.digits
RUNNING = ("Executing", "Stopping")


class PipelineRecords:
    """The tables. Keys: ``account/region/pipeline``, then ``/version`` (6 digits), ``/execution id``, ``/step``."""

    def __init__(self, store: Store) -> None:
        self.lock = store.lock
        self.pipelines = store.table("sagemaker.pipeline")
        self.versions = store.table("sagemaker.pipeline_version")
        self.executions = store.table("sagemaker.pipeline_execution")
        self.steps = store.table("sagemaker.pipeline_step")
        self.tokens = store.table("sagemaker.pipeline_callback")

    def pipeline(self, caller: Caller, name_or_arn: str) -> tuple[str, Document]:
        """(key, pipeline); raises ResourceNotFound."""
        key, arn = pipeline_key(caller, name_or_arn)
        found = self.pipelines.get(key)
        if found is None:
            raise ServiceError("ResourceNotFound", f"Pipeline '{arn}' does not exist.")
        return key, found

    def execution(self, caller: Caller, arn: str) -> tuple[str, Document]:
        """(key, execution); raises ResourceNotFound. An account sees its own executions only."""
        parts = _EXECUTION_ARN.fullmatch(arn)
        if parts and parts["account"] == caller.account:
            key = f"{parts['account']}/{parts['region']}/{parts['pipeline'].lower()}/{parts['id']}"
            found = self.executions.get(key)
            if found is not None:
                return key, found
        raise ServiceError("ResourceNotFound", f"Pipeline execution '{arn}' does not exist.")

    def version(self, key: str, number: int) -> Document | None:
        return self.versions.get(f"{key}/{number:06}")

    def put_version(self, key: str, number: int, document: Document) -> None:
        self.versions.put(f"{key}/{number:06}", document)

    def delete_pipeline(self, key: str) -> None:
        for table in (self.versions, self.executions, self.steps):
            for child, _ in table.items(f"{key}/"):
                table.delete(child)
        self.pipelines.delete(key)


def pipeline_key(caller: Caller, name_or_arn: str) -> tuple[str, str]:
    """(table key, ARN) of a pipeline named by its name or ARN."""
    account, region, name = caller.account, caller.region, name_or_arn.lower()
    if name.startswith("arn:"):
        arn = Arn.parse(name)
        account, region, name = arn.account, arn.region, arn.resource.removeprefix("pipeline/")
        if account != caller.account:
            raise ServiceError("ResourceNotFound", f"Pipeline '{name_or_arn}' does not exist.")
    owner = Caller.root(account, region)
    return f"{account}/{region}/{name}", owner.resource_arn("sagemaker", f"pipeline/{name}")


def new_execution_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def user_context(caller: Caller) -> dict[str, Any]:
    return {"IamIdentity": {"Arn": caller.arn, "PrincipalId": caller.access_key_id or caller.account}}
