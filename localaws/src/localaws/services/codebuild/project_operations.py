"""CodeBuild projects: create, change, delete, list.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.arn import without_arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.policies.service_roles import role_problem
from localaws.services.codebuild.records import PAGES, PROJECTS
from localaws.services.codebuild.sources import SUPPORTED
from localaws.services.codebuild.workspace import cache_of

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}")
_MEMBERS = (
    "description",
    "source",
    "secondarySources",
    "sourceVersion",
    "secondarySourceVersions",
    "artifacts",
    "secondaryArtifacts",
    "cache",
    "environment",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "tags",
    "vpcConfig",
    "logsConfig",
    "fileSystemLocations",
    "buildBatchConfig",
    "concurrentBuildLimit",
    "autoRetryLimit",
)


class Projects(Service):
    """Projects in the table ``codebuild.project``: ``account/region/name`` -> {"Project", "LastBuildNumber"}."""

    service = "codebuild"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._table = cloud.store.table(PROJECTS)

    def create_project(self, caller: Caller, request: Request) -> Response:
        name = request["name"]
        if not _NAME.fullmatch(name):
            raise ServiceError("InvalidInputException", f"Invalid project name: {name}. It must match {_NAME.pattern}")
        now = self._cloud.clock.now()
        project = {
            "name": name,
            "arn": caller.resource_arn("codebuild", f"project/{name}"),
            "timeoutInMinutes": 60,
            "queuedTimeoutInMinutes": 480,
            "encryptionKey": caller.resource_arn("kms", "alias/aws/s3"),
            "cache": {"type": "NO_CACHE"},
            "secondarySources": [],
            "secondaryArtifacts": [],
            "tags": [],
            "badge": {"badgeEnabled": bool(request.get("badgeEnabled"))},
            "projectVisibility": "PRIVATE",
            **{member: request[member] for member in _MEMBERS if member in request},
            "serviceRole": self._service_role(caller, request["serviceRole"], name),
            "created": now,
            "lastModified": now,
        }
        _check(project)
        key = _key(caller, name)
        with self._cloud.store.lock:
            if self._table.get(key) is not None:
                raise ServiceError("ResourceAlreadyExistsException", f"Project already exists: {project['arn']}")
            self._table.put(key, {"Project": project, "LastBuildNumber": 0})
        return {"project": project}

    def update_project(self, caller: Caller, request: Request) -> Response:
        key = _key(caller, request["name"])
        document = self._table.get(key)
        if document is None:
            arn = caller.resource_arn("codebuild", f"project/{request['name']}")
            raise ServiceError("ResourceNotFoundException", f"Project cannot be found: {arn}")
        project = document["Project"]
        project.update({member: request[member] for member in _MEMBERS if member in request})
        if "serviceRole" in request:
            project["serviceRole"] = self._service_role(caller, request["serviceRole"], project["name"])
        if "badgeEnabled" in request:
            project["badge"] = {"badgeEnabled": request["badgeEnabled"]}
        project["lastModified"] = self._cloud.clock.now()
        _check(project)
        with self._table.edit(key) as current:
            current["Project"] = project
        return {"project": project}

    def delete_project(self, caller: Caller, request: Request) -> Response:
        """A project that is not there is deleted already, as on AWS."""
        name = request["name"].rpartition(":project/")[2]
        self._table.delete(_key(caller, name))
        cache_of(self._cloud.work_directory, caller.account, caller.region, name).forget()
        return {}

    def batch_get_projects(self, caller: Caller, request: Request) -> Response:
        found, missing = [], []
        for name in request["names"]:
            document = self._table.get(_key(caller, name.rpartition(":project/")[2]))
            if document is None:
                missing.append(name)
            else:
                found.append(document["Project"])
        return {"projects": found, "projectsNotFound": missing}

    def list_projects(self, caller: Caller, request: Request) -> Response:
        projects = [document["Project"] for document in self._table.values(_key(caller, ""))]
        member = {"CREATED_TIME": "created", "LAST_MODIFIED_TIME": "lastModified"}.get(
            request.get("sortBy", ""), "name"
        )
        projects.sort(key=lambda project: project[member], reverse=request.get("sortOrder") == "DESCENDING")
        names, more = PAGES.of([project["name"] for project in projects], request, str)
        return {"projects": names, **more}

    def invalidate_project_cache(self, caller: Caller, request: Request) -> Response:
        name = request["projectName"]
        document = self._table.get(_key(caller, name))
        if document is None:
            raise ServiceError("ResourceNotFoundException", f"Project cannot be found: {name}")
        cache_of(self._cloud.work_directory, caller.account, caller.region, name).forget()
        cache = document["Project"]["cache"]
        if cache["type"] == "S3":
            bucket, _, prefix = without_arn(cache["location"]).partition("/")
            parts = [prefix.strip("/"), cache.get("cacheNamespace") or name, "cache.tar"]
            s3 = self._cloud.client("s3", Caller.root(caller.account, caller.region))
            s3.delete_object(Bucket=bucket, Key="/".join(filter(None, parts)))
        return {}

    def _service_role(self, caller: Caller, role: str, project: str) -> str:
        """The ARN of a role that CodeBuild may take on for a project; templates often give its name."""
        arn = role
        if not role.startswith("arn:"):
            iam = self._cloud.client("iam", Caller.root(caller.account, caller.region))
            try:
                arn = iam.get_role(RoleName=role)["Role"]["Arn"]
            except ClientError as error:
                raise ServiceError(
                    "InvalidInputException", f"Invalid service role: the role {role} does not exist"
                ) from error
        source = caller.resource_arn("codebuild", f"project/{project}")
        problem = role_problem(self._cloud, arn, "codebuild.amazonaws.com", source)
        if problem:
            raise ServiceError(
                "InvalidInputException", f"CodeBuild is not authorized to perform: sts:AssumeRole on {arn}: {problem}"
            )
        return arn


def _key(caller: Caller, name: str) -> str:
    return f"{caller.account}/{caller.region}/{name}"


def _check(project: dict[str, Any]) -> None:
    """What CreateProject and UpdateProject refuse beyond the service model."""
    source, artifacts = project["source"], project["artifacts"]
    for each in (source, *project["secondarySources"]):
        if each["type"] not in SUPPORTED:
            raise ServiceError(
                "InvalidInputException",
                f"localaws does not build sources of type {each['type']}, only {', '.join(SUPPORTED)}",
            )
        if each["type"] in ("S3", "CODECOMMIT") and not each.get("location"):
            raise ServiceError(
                "InvalidInputException", f"Invalid project source: location is required for {each['type']}"
            )
    if any(not each.get("sourceIdentifier") for each in project["secondarySources"]):
        raise ServiceError(
            "InvalidInputException", "Invalid project source: a secondary source needs a sourceIdentifier"
        )
    if (source["type"] == "CODEPIPELINE") != (artifacts["type"] == "CODEPIPELINE"):
        raise ServiceError(
            "InvalidInputException",
            "Invalid artifacts: artifact type CODEPIPELINE and source type CODEPIPELINE go together, found source "
            f"{source['type']} and artifacts {artifacts['type']}",
        )
    if source["type"] == "NO_SOURCE" and not source.get("buildspec"):
        raise ServiceError("InvalidInputException", "Invalid project source: NO_SOURCE needs an inline buildspec")
    for each in (artifacts, *project["secondaryArtifacts"]):
        if each["type"] == "S3" and not each.get("location"):
            raise ServiceError("InvalidInputException", "Invalid artifacts: location (the bucket) is required for S3")
    cache = project["cache"]
    if cache["type"] == "S3" and not cache.get("location"):
        raise ServiceError("InvalidInputException", "Invalid cache: location is required for S3")
    if cache["type"] == "LOCAL" and not cache.get("modes"):
        raise ServiceError("InvalidInputException", "Invalid cache: modes are required for LOCAL")
    if "WINDOWS" in project["environment"]["type"]:
        raise ServiceError(
            "InvalidInputException", "localaws runs builds on this machine: it does not support Windows environments"
        )
