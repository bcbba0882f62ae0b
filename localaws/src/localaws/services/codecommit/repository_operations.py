"""CodeCommit's repositories: created, described, listed, renamed, tagged, deleted.

https://docs.aws.amazon.com/codecommit/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages
from localaws.core.service import Request, Response, Service
from localaws.services.codecommit import repositories
from localaws.services.codecommit.http import GitOverHttp

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
_PAGES = Pages(repositories.INVALID_CONTINUATION, continuation="nextToken", usual=1000)


class Repositories(Service):
    service = "codecommit"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._repositories = repositories.table(cloud)
        cloud.operations.mount(repositories.URL_PREFIX, GitOverHttp(cloud), asks_itself=True)

    def create_repository(self, caller: Caller, request: Request) -> Response:
        name = _valid_name(request["repositoryName"])
        key = self._key(caller, name)
        if self._repositories.get(key) is not None:
            raise ServiceError("RepositoryNameExistsException", f"Repository named {name} already exists")
        record = repositories.create(
            self._cloud, caller, name, request.get("repositoryDescription"), request.get("kmsKeyId")
        )
        record["tags"] = request.get("tags", {})
        self._repositories.put(key, record)
        return {"repositoryMetadata": repositories.metadata(self._cloud, record)}

    def get_repository(self, caller: Caller, request: Request) -> Response:
        return {
            "repositoryMetadata": repositories.metadata(self._cloud, self._existing(caller, request["repositoryName"]))
        }

    def batch_get_repositories(self, caller: Caller, request: Request) -> Response:
        found, missing = [], []
        for name in request["repositoryNames"]:
            record = self._repositories.get(self._key(caller, name))
            if record is None:
                missing.append(name)
            else:
                found.append(repositories.metadata(self._cloud, record))
        return {"repositories": found, "repositoriesNotFound": missing, "errors": []}

    def list_repositories(self, caller: Caller, request: Request) -> Response:
        records = self._repositories.values(f"{caller.account}/{caller.region}/")
        by = {"lastModifiedDate": "lastModifiedDate"}.get(request.get("sortBy", ""), "repositoryName")
        records.sort(key=lambda record: record[by], reverse=request.get("order") == "descending")
        shown, more = _PAGES.of(records, request, lambda record: str(record["repositoryId"]))
        names = [{name: record[name] for name in ("repositoryName", "repositoryId")} for record in shown]
        return {"repositories": names, **more}

    def delete_repository(self, caller: Caller, request: Request) -> Response:
        key = self._key(caller, _valid_name(request["repositoryName"]))
        record = self._repositories.get(key)
        if record is None:  # deleting what is not there succeeds, with no id
            return {}
        self._repositories.delete(key)
        shutil.rmtree(repositories.directory_of(self._cloud, record))
        return {"repositoryId": record["repositoryId"]}

    def update_repository_name(self, caller: Caller, request: Request) -> Response:
        old, new = request["oldName"], _valid_name(request["newName"])
        record = self._existing(caller, old)
        if self._repositories.get(self._key(caller, new)) is not None:
            raise ServiceError("RepositoryNameExistsException", f"Repository named {new} already exists")
        record |= {
            "repositoryName": new,
            "Arn": caller.resource_arn("codecommit", new),
            "lastModifiedDate": self._cloud.clock.now(),
        }
        self._repositories.put(self._key(caller, new), record)
        self._repositories.delete(self._key(caller, old))
        return {}

    def update_repository_description(self, caller: Caller, request: Request) -> Response:
        record = self._existing(caller, request["repositoryName"])
        record["repositoryDescription"] = request.get("repositoryDescription", "")
        self._save(caller, record)
        return {}

    def update_repository_encryption_key(self, caller: Caller, request: Request) -> Response:
        record = self._existing(caller, request["repositoryName"])
        former = record.get("kmsKeyId", "alias/aws/codecommit")
        record["kmsKeyId"] = request["kmsKeyId"]
        self._save(caller, record)
        return {
            "repositoryId": record["repositoryId"],
            "kmsKeyId": record["kmsKeyId"],
            "originalKmsKeyId": former,
        }

    def list_tags_for_resource(self, caller: Caller, request: Request) -> Response:
        return {"tags": self._by_arn(caller, request["resourceArn"])["tags"]}

    def tag_resource(self, caller: Caller, request: Request) -> Response:
        record = self._by_arn(caller, request["resourceArn"])
        record["tags"] |= request["tags"]
        self._save(caller, record)
        return {}

    def untag_resource(self, caller: Caller, request: Request) -> Response:
        record = self._by_arn(caller, request["resourceArn"])
        for name in request["tagKeys"]:
            record["tags"].pop(name, None)
        self._save(caller, record)
        return {}

    def _by_arn(self, caller: Caller, arn: str) -> dict[str, Any]:
        name = arn.rpartition(":")[2]
        if arn != caller.resource_arn("codecommit", name):
            raise ServiceError("InvalidResourceArnException", f"{arn} is not a repository of this account and region")
        return self._existing(caller, name)

    def _existing(self, caller: Caller, name: str) -> dict[str, Any]:
        return repositories.existing(self._repositories, caller.account, caller.region, _valid_name(name))

    def _save(self, caller: Caller, record: dict[str, Any]) -> None:
        record["lastModifiedDate"] = self._cloud.clock.now()
        self._repositories.put(self._key(caller, record["repositoryName"]), record)

    @staticmethod
    def _key(caller: Caller, name: str) -> str:
        return f"{caller.account}/{caller.region}/{name}"


def _valid_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name.endswith(".git"):
        raise ServiceError(
            "InvalidRepositoryNameException",
            f"Repository name {name} is not valid. Repository names can be any combination of letters, numbers, "
            "periods, underscores, and dashes between 1 and 100 characters, and cannot end in .git",
        )
    return name
