"""From a project and the overrides of one start to a build: the record, in CodeBuild's own shape, and its worker.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request
from localaws.services.codebuild.environment import merged_variables
from localaws.services.codebuild.records import BUILDS, JOBS, NO_CONTEXT, PROJECTS, TOKENS, BuildRecord
from localaws.services.codebuild.run import BuildRun
from localaws.services.codebuild.sources import SUPPORTED

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

# What StartBuild takes on AWS and cannot do here. The image is not run: what is only about it is remembered.
_NOT_HERE = (
    "autoRetryLimitOverride",
    "buildStatusConfigOverride",
    "certificateOverride",
    "debugSessionEnabled",
    "fleetOverride",
    "gitCloneDepthOverride",
    "gitSubmodulesConfigOverride",
    "hostKernelOverride",
    "insecureSslOverride",
    "reportBuildStatusOverride",
    "sourceAuthOverride",
)
_ENVIRONMENT = (
    "imageOverride",
    "computeTypeOverride",
    "privilegedModeOverride",
    "registryCredentialOverride",
    "imagePullCredentialsTypeOverride",
)


def offer_codepipeline_job(cloud: Cloud, owner: Caller, token: str, job: dict[str, Any]) -> None:
    """Lay down what StartBuild has no parameters for before an action of a CodePipeline calls it with ``token`` as
    its idempotency token: {"pipeline": name, "inputs": [{"name", "bucket", "key", "revision"}], "primary": name,
    "outputs": [{"name", "bucket", "key"}], "key_id": str}."""
    cloud.store.table(JOBS).put(f"{owner.account}/{owner.region}/{token}", job)


def codepipeline_job(cloud: Cloud, caller: Caller, request: Request) -> dict[str, Any] | None:
    """The action's artifacts, where an action starts this build."""
    token = request.get("idempotencyToken")
    return cloud.store.table(JOBS).get(f"{caller.account}/{caller.region}/{token}") if token else None


def start_build(
    cloud: Cloud, caller: Caller, request: Request, codepipeline: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Start a build and return it. Raises ServiceError as StartBuild does. ``codepipeline`` is the action's job."""
    project, project_key = _project(cloud, caller, request["projectName"])
    token = request.get("idempotencyToken")
    token_key = f"{caller.account}/{caller.region}/{token}"
    earlier = cloud.store.table(TOKENS).get(token_key) if token else None
    if earlier is not None:
        return _repeated(cloud, earlier, request)
    _refuse_unimplemented(request)
    project = {**project, **_overridden_artifacts(project, request)}
    source = _source(project, request, codepipeline)
    build_id = f"{project['name']}:{uuid.uuid4()}"
    key = f"{caller.account}/{caller.region}/{build_id}"
    with cloud.store.lock:
        _refuse_beyond_limit(cloud, project, project_key)
        with cloud.store.table(PROJECTS).edit(project_key) as document:
            document["LastBuildNumber"] = document.get("LastBuildNumber", 0) + 1
            number = document["LastBuildNumber"]
        build = _Start(cloud, caller, project, request, source, build_id, number, codepipeline).build()
        artifacts = {
            "Artifacts": {name: project[name] for name in ("artifacts", "secondaryArtifacts") if name in project}
        }
        cloud.store.table(BUILDS).put(
            key, {"Build": build, "CodePipeline": codepipeline, "StopRequested": False, **artifacts}
        )
        if token:
            cloud.store.table(TOKENS).put(token_key, {"Key": key, "Request": request})
    run = BuildRun(cloud, BuildRecord(cloud, key), project)
    cloud.workers.start(f"codebuild {build_id}", run.run)
    return build


def _refuse_unimplemented(request: Request) -> None:
    """What would change the build on AWS and cannot here is refused; what asks for the ordinary is not."""
    given = {
        **request,
        "gitSubmodulesConfigOverride": request.get("gitSubmodulesConfigOverride", {}).get("fetchSubmodules"),
    }
    asked = [name for name in _NOT_HERE if given.get(name)]
    if asked:
        raise ServiceError("NotImplemented", f"localaws does not implement {', '.join(asked)} of StartBuild.", 501)


def _overridden_artifacts(project: dict[str, Any], request: Request) -> dict[str, Any]:
    """The project's artifacts, or those that the start asks for in their place."""
    found: dict[str, Any] = {}
    if "artifactsOverride" in request:
        found["artifacts"] = request["artifactsOverride"]
    if "secondaryArtifactsOverride" in request:
        found["secondaryArtifacts"] = request["secondaryArtifactsOverride"]
    for each in (*([found["artifacts"]] if "artifacts" in found else []), *found.get("secondaryArtifacts", [])):
        if each["type"] == "S3" and not each.get("location"):
            raise ServiceError("InvalidInputException", "Invalid artifacts: location is required for type S3")
    return found


def _project(cloud: Cloud, caller: Caller, name: str) -> tuple[dict[str, Any], str]:
    key = f"{caller.account}/{caller.region}/{name.rpartition(':project/')[2]}"
    document = cloud.store.table(PROJECTS).get(key)
    if document is None:
        arn = caller.resource_arn("codebuild", f"project/{name}")
        raise ServiceError("ResourceNotFoundException", f"Project cannot be found: {arn}")
    return document["Project"], key


def _repeated(cloud: Cloud, earlier: dict[str, Any], request: Request) -> dict[str, Any]:
    document = cloud.store.table(BUILDS).get(earlier["Key"])
    if earlier["Request"] != request or document is None:
        raise ServiceError("InvalidInputException", "idempotencyToken was used before with other parameters")
    return dict(document["Build"])


def _source(project: dict[str, Any], request: Request, codepipeline: dict[str, Any] | None) -> dict[str, Any]:
    source = dict(project["source"])
    if "sourceTypeOverride" in request:
        source = {"type": request["sourceTypeOverride"], "buildspec": source.get("buildspec", "")}
    for member, name in (("location", "sourceLocationOverride"), ("buildspec", "buildspecOverride")):
        if name in request:
            source[member] = request[name]
    if source["type"] not in SUPPORTED:
        raise ServiceError(
            "InvalidInputException",
            f"localaws does not build sources of type {source['type']}, only {', '.join(SUPPORTED)}",
        )
    if source["type"] == "CODEPIPELINE" and codepipeline is None:
        raise ServiceError(
            "InvalidInputException",
            f"Project {project['name']} has source type CODEPIPELINE: only a CodePipeline can start it. "
            "Start the CodePipeline, or give sourceTypeOverride",
        )
    if source["type"] in ("S3", "CODECOMMIT") and not source.get("location"):
        raise ServiceError("InvalidInputException", f"source type {source['type']} needs a location")
    return source


def _refuse_beyond_limit(cloud: Cloud, project: dict[str, Any], project_key: str) -> None:
    limit = project.get("concurrentBuildLimit")
    if not limit:
        return
    builds = cloud.store.table(BUILDS).values(f"{project_key}:")
    running = sum(document["Build"]["buildStatus"] == "IN_PROGRESS" for document in builds)
    if running >= limit:
        raise ServiceError(
            "AccountLimitExceededException", f"Cannot have more than {limit} active builds for the project"
        )


@dataclass(frozen=True)
class _Start:
    """One start of a project, by a request or by an action of a CodePipeline."""

    cloud: Cloud
    caller: Caller
    project: dict[str, Any]
    request: Request
    source: dict[str, Any]
    build_id: str
    number: int
    codepipeline: dict[str, Any] | None

    def build(self) -> dict[str, Any]:
        """The build in CodeBuild's own shape, before its first phase."""
        now = self.cloud.clock.now()
        version = self.request.get("sourceVersion") or self.project.get("sourceVersion")
        return {
            "id": self.build_id,
            "arn": self.caller.resource_arn("codebuild", f"build/{self.build_id}"),
            "buildNumber": self.number,
            "startTime": now,
            "currentPhase": "QUEUED",
            "buildStatus": "IN_PROGRESS",
            "projectName": self.project["name"],
            "phases": [_submitted(now)],
            **self._sources(),
            **({"sourceVersion": version} if version else {}),
            **self._artifacts(),
            "cache": self._overridden("cacheOverride", {"type": "NO_CACHE"}),
            "environment": self._environment(),
            "serviceRole": self._overridden("serviceRoleOverride"),
            "logs": self._logs(),
            "timeoutInMinutes": self._overridden("timeoutInMinutesOverride"),
            "queuedTimeoutInMinutes": self._overridden("queuedTimeoutInMinutesOverride"),
            "buildComplete": False,
            "initiator": self._initiator(),
            "encryptionKey": self._overridden("encryptionKeyOverride"),
            "exportedEnvironmentVariables": [],
            "reportArns": [],
        }

    def _overridden(self, override: str, default: Any = None) -> Any:
        """What the request gives in place of a member of the project, or else the project's own."""
        return self.request.get(override, self.project.get(override.removesuffix("Override"), default))

    def _sources(self) -> dict[str, Any]:
        versions = self.request.get("secondarySourcesVersionOverride", self.project.get("secondarySourceVersions", []))
        return {
            "source": self.source,
            "secondarySources": self._overridden("secondarySourcesOverride", []),
            "secondarySourceVersions": versions,
        }

    def _artifacts(self) -> dict[str, Any]:
        identifier = self._overridden("artifactsOverride").get("artifactIdentifier", "")
        return {"artifacts": {"location": "", "artifactIdentifier": identifier}, "secondaryArtifacts": []}

    def _environment(self) -> dict[str, Any]:
        own = self.project["environment"]
        variables = merged_variables(
            own.get("environmentVariables", []), self.request.get("environmentVariablesOverride", [])
        )
        given = {name.removesuffix("Override"): self.request[name] for name in _ENVIRONMENT if name in self.request}
        kind = self.request.get("environmentTypeOverride", own["type"])
        return {**own, "environmentVariables": variables, **given, "type": kind}

    def _logs(self) -> dict[str, Any]:
        config = {**self.project.get("logsConfig", {}), **self.request.get("logsConfigOverride", {})}
        return _logs(self.caller, self.project["name"], self.build_id, config)

    def _initiator(self) -> str:
        return f"codepipeline/{self.codepipeline['pipeline']}" if self.codepipeline else _initiator(self.caller)


def _submitted(now: datetime) -> dict[str, Any]:
    """The phase that ends when the build is queued."""
    return {
        "phaseType": "SUBMITTED",
        "phaseStatus": "SUCCEEDED",
        "startTime": now,
        "endTime": now,
        "durationInSeconds": 0,
        "contexts": [NO_CONTEXT],
    }


def _initiator(caller: Caller) -> str:
    """``user``, ``role/session`` or ``root``, as the console shows it."""
    return caller.arn.rpartition(":")[2].removeprefix("assumed-role/").removeprefix("user/")


def _logs(caller: Caller, project: str, build_id: str, config: dict[str, Any]) -> dict[str, Any]:
    cloudwatch = config.get("cloudWatchLogs", {"status": "ENABLED"})
    s3 = config.get("s3Logs", {"status": "DISABLED"})
    logs: dict[str, Any] = {"cloudWatchLogs": cloudwatch, "s3Logs": s3}
    run_id = build_id.rpartition(":")[2]
    if cloudwatch["status"] == "ENABLED":
        group = cloudwatch.get("groupName") or f"/aws/codebuild/{project}"
        prefix = cloudwatch.get("streamName")
        stream = f"{prefix}/{run_id}" if prefix else run_id
        console = f"https://console.aws.amazon.com/cloudwatch/home?region={caller.region}"
        logs |= {
            "groupName": group,
            "streamName": stream,
            "deepLink": f"{console}#logsV2:log-groups/log-group/{group.replace('/', '$252F')}"
            f"/log-events/{stream.replace('/', '$252F')}",
            "cloudWatchLogsArn": caller.resource_arn("logs", f"log-group:{group}:log-stream:{stream}"),
        }
    if s3["status"] == "ENABLED":
        key = f"{s3['location'].rstrip('/')}/{run_id}.gz"
        logs |= {
            "s3LogsArn": f"arn:{caller.partition}:s3:::{key}",
            "s3DeepLink": f"https://s3.console.aws.amazon.com/s3/object/{key}",
        }
    return logs
