"""Tags of every SageMaker resource, by ARN. Creating operations write the same table.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from localaws.core.arn import Arn, ArnError
from localaws.core.caller import Caller
from localaws.core.operations import Companion
from localaws.core.service import Request, Response, Service
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.services.sagemaker.listing import page
from localaws.services.sagemaker.registry.records import invalid

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_MOST_TAGS = 50
_VERSION = re.compile(r":model-package/[^/]+/\d+$")


class Tags(Service):
    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._lock = cloud.store.lock
        self._tags = cloud.store.table("sagemaker.tags")
        cloud.operations.accompany("sagemaker", _TagsOfMoto(cloud))
        self._known = {
            "pipeline": cloud.store.table("sagemaker.pipeline"),
            "model-package-group": cloud.store.table("sagemaker.model_package_group"),
            "model-package": cloud.store.table("sagemaker.model_package"),
        }

    def add_tags(self, caller: Caller, request: Request) -> Response:
        arn = self._arn(caller, request)
        if _VERSION.search(arn):
            raise invalid("Tags are not supported for a model package version; it uses the tags of its group.")
        with self._lock:
            tags = {**self._of(arn), **{tag["Key"]: tag["Value"] for tag in request["Tags"]}}
            if len(tags) > _MOST_TAGS:
                raise invalid(f"{arn} would have {len(tags)} tags; at most {_MOST_TAGS} are allowed.")
            return self._put(arn, tags)

    def delete_tags(self, caller: Caller, request: Request) -> Response:
        arn = self._arn(caller, request)
        with self._lock:
            self._put(arn, {key: value for key, value in self._of(arn).items() if key not in request["TagKeys"]})
        return {}

    def list_tags(self, caller: Caller, request: Request) -> Response:
        arn = self._arn(caller, request)
        items = [(key, {"Key": key, "Value": value}) for key, value in self._of(arn).items()]
        return page(items, request, "Tags", usual=_MOST_TAGS)

    def _arn(self, caller: Caller, request: Request) -> str:
        try:
            arn = Arn.parse(request["ResourceArn"])
        except ArnError as error:
            raise invalid(str(error)) from error
        if arn.account != caller.account:
            raise invalid(f"{arn} belongs to account {arn.account}; only that account can read and change its tags.")
        kind, _, name = arn.resource.partition("/")
        table = self._known.get(kind)
        if table is not None and table.get(_key(kind, arn.account, arn.region, name)) is None:
            raise invalid(f"{arn} does not exist.")
        return str(arn)

    def _of(self, arn: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in (self._tags.get(arn) or {}).get("Tags", [])}

    def _put(self, arn: str, tags: dict[str, str]) -> Response:
        document = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        self._tags.put(arn, document)
        return document


class _TagsOfMoto(Companion):
    """What moto makes with tags has them here too, where ListTags looks."""

    def __init__(self, cloud: Cloud) -> None:
        self._tags = cloud.store.table("sagemaker.tags")

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        if request.operation.name.startswith("Create") and request.parameters.get("Tags") and response.status == 200:
            answer = json.loads(response.body)
            arn = next((value for member, value in answer.items() if member.endswith("Arn")), None)
            if arn:
                self._tags.put(arn, {"Tags": request.parameters["Tags"]})
        return response


def _key(kind: str, account: str, region: str, name: str) -> str:
    if kind == "model-package":
        group, _, version = name.partition("/")
        name = f"{group}/{int(version):06}" if version.isdigit() else f"{group}/-"
    return f"{account}/{region}/{name}"
