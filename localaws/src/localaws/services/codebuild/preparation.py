"""DOWNLOAD_SOURCE: the build's files, its buildspec, its variables and what the cache kept.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localaws.isolation.limits import of_compute_type
from localaws.isolation.registries import files, settings
from localaws.policies.service_roles import session_of
from localaws.services.codebuild.buildspec import Buildspec, inline_buildspec, parse_buildspec
from localaws.services.codebuild.buildspec_yaml import BuildspecError
from localaws.services.codebuild.caches import S3Cache, cached_paths
from localaws.services.codebuild.container import BuildContainer
from localaws.services.codebuild.environment import builtin_variables, declared_variables, git_variables, resolve
from localaws.services.codebuild.failures import PhaseError
from localaws.services.codebuild.host_tools import make_python, search_path, shared_pip, tool_files
from localaws.services.codebuild.runtimes import selected_runtime
from localaws.services.codebuild.sources import Download
from localaws.services.codecommit.repositories import URL_PREFIX, aws_address

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.services.codebuild.build_log import BuildLog
    from localaws.services.codebuild.records import BuildRecord
    from localaws.services.codebuild.workspace import Workspace


@dataclass
class Prepared:
    """A build that is ready for its commands."""

    buildspec: Buildspec
    container: BuildContainer
    root: Path
    cache: S3Cache | None = None
    cache_paths: list[Path] = field(default_factory=list)

    def save_cache(self, log: BuildLog) -> None:
        if self.cache is not None and self.cache_paths:
            log.say("Saving cache")
            self.cache.save(self.cache_paths, self.root)


def prepare(cloud: Cloud, record: BuildRecord, workspace: Workspace, log: BuildLog) -> Prepared:
    """Fetch everything. Raises PhaseError."""
    build, codepipeline = record.build(), record.codepipeline()
    role = session_of(build["serviceRole"], "AWSCodeBuild", record.region)
    download = Download(cloud, role, codepipeline)
    directories = _fetch_sources(record, build, codepipeline, download, workspace)
    log.say(f"CODEBUILD_SRC_DIR={workspace.source}")
    buildspec = _buildspec(build["source"], download, workspace.source, log)
    build = record.build()
    declared = declared_variables(buildspec, build["environment"]["environmentVariables"])
    log.say("Processing environment variables")
    variables = resolve(declared, cloud.client("ssm", role), cloud.client("secretsmanager", role))
    log.mask(variables[name] for name, (kind, _) in declared.items() if kind != "PLAINTEXT")
    session_name = f"AWSCodeBuild-{record.id.rpartition(':')[2]}"
    workspace.granted = cloud.container_credentials.grant(build["serviceRole"], session_name)
    pip = shared_pip(cloud.work_directory)
    make_python(workspace.python, pip)
    registries = settings()
    environment = {
        "PATH": search_path(workspace.python, workspace.node),
        "NPM_CONFIG_PREFIX": str(workspace.node),
        "HOME": str(workspace.home),
        "TMPDIR": str(workspace.temporary),
        "LANG": "C.UTF-8",
        **registries,
        **builtin_variables(build, str(workspace.source), record.region),
        **{f"CODEBUILD_SRC_DIR_{name}": str(path) for name, path in directories.items()},
        **git_variables(buildspec, aws_address(role), f"{cloud.endpoint_url}{URL_PREFIX}{role.account}/{role.region}/"),
        **variables,
        **workspace.granted,
    }
    log.say(f"Moving to directory {workspace.source}")
    _note_phases(buildspec, environment["PATH"], log)
    own = (
        workspace.source,
        workspace.home,
        workspace.temporary,
        workspace.python,
        workspace.node,
        *directories.values(),
    )
    container = BuildContainer(
        cloud.enclosure,
        workspace.source,
        environment,
        workspace.scratch,
        own,
        (*tool_files(), *files(registries), *([pip] if pip else [])),
        workspace.temporary,
        of_compute_type(build["environment"]["computeType"]),
    )
    prepared = Prepared(buildspec, container, workspace.root)
    _restore_cache(cloud, build, buildspec, workspace, prepared, role, log)
    return prepared


def _fetch_sources(
    record: BuildRecord,
    build: dict[str, Any],
    codepipeline: dict[str, Any] | None,
    download: Download,
    workspace: Workspace,
) -> dict[str, Path]:
    """Fetch the primary and all secondary sources; the folders of the secondary ones by identifier."""
    if codepipeline is not None and build["source"]["type"] == "CODEPIPELINE":
        return _fetch_artifacts(record, codepipeline, download, workspace)
    version = build.get("sourceVersion", "")
    resolved = download.fetch(build["source"], version, workspace.source)
    if resolved:
        record.set(resolvedSourceVersion=resolved)
    versions = {item["sourceIdentifier"]: item["sourceVersion"] for item in build["secondarySourceVersions"]}
    directories = {}
    for source in build["secondarySources"]:
        name = source["sourceIdentifier"]
        directories[name] = workspace.secondary(name)
        download.fetch(source, versions.get(name, ""), directories[name])
    return directories


def _fetch_artifacts(
    record: BuildRecord, codepipeline: dict[str, Any], download: Download, workspace: Workspace
) -> dict[str, Path]:
    directories = {}
    for artifact in codepipeline["inputs"]:
        if artifact["name"] == codepipeline["primary"]:
            revision = download.fetch_artifact(artifact, workspace.source)
            record.set(
                resolvedSourceVersion=revision,
                sourceVersion=f"arn:{download.role.partition}:s3:::{artifact['bucket']}/{artifact['key']}",
            )
        else:
            directories[artifact["name"]] = workspace.secondary(artifact["name"])
            download.fetch_artifact(artifact, directories[artifact["name"]])
    return directories


def _buildspec(source: dict[str, Any], download: Download, directory: Path, log: BuildLog) -> Buildspec:
    wanted = source.get("buildspec") or "buildspec.yml"
    try:
        return parse_buildspec(_buildspec_text(wanted, download, directory, log))
    except BuildspecError as error:
        raise PhaseError("YAML_FILE_ERROR", str(error)) from error


def _buildspec_text(wanted: str, download: Download, directory: Path, log: BuildLog) -> str:
    if inline_buildspec(wanted):
        log.say("YAML location is inline")
        return wanted
    if wanted.startswith("arn:") and ":s3:::" in wanted:
        log.say(f"YAML location is {wanted}")
        return download.read_object(wanted).decode("utf-8", "replace")
    path = (directory / wanted.removeprefix("/")).resolve()
    log.say(f"YAML location is {path}")
    if not path.is_file() or not path.is_relative_to(directory):
        raise PhaseError("YAML_FILE_ERROR", f"YAML file does not exist: the source holds no file {wanted}")
    return path.read_text(encoding="utf-8", errors="replace")


def _note_phases(buildspec: Buildspec, path: str, log: BuildLog) -> None:
    phases = {name: phase for name, phase in buildspec.phases.items() if phase.commands or phase.finally_commands}
    log.say(f"Phases found in YAML: {len(phases)}")
    for name, phase in phases.items():
        log.say(f" {name}: {len(phase.commands)} commands")
    install = buildspec.phases.get("INSTALL")
    for runtime, version in install.runtime_versions if install else ():
        log.say(selected_runtime(runtime, version, path))
    for name in buildspec.ignored:
        log.say(f"{name} is accepted and has no effect here")


def _restore_cache(
    cloud: Cloud,
    build: dict[str, Any],
    buildspec: Buildspec,
    workspace: Workspace,
    prepared: Prepared,
    role: Any,
    log: BuildLog,
) -> None:
    cache = build["cache"]
    if not buildspec.cache_paths:
        log.say("Cache is not defined in the buildspec")
        return
    local = cache["type"] == "LOCAL" and "LOCAL_CUSTOM_CACHE" in cache.get("modes", [])
    if not local and cache["type"] != "S3":
        log.say(
            "The buildspec names cache paths, but the project has no local custom or S3 cache, so they are not cached"
        )
        return
    paths, outside = cached_paths(buildspec.cache_paths, workspace.source, workspace.home)
    for pattern in outside:
        log.say(f"Cache path {pattern} is not kept: it names no folder below the source or the home directory")
    if local:
        linked = workspace.cache.link(paths, workspace.root)
        for path, folder in linked:
            log.say(f"Symlinking: {path} => {folder}")
        kept = tuple(folder for _, folder in linked)
        prepared.container = replace(prepared.container, own=(*prepared.container.own, *kept))
        return
    name = cache.get("cacheNamespace") or build["projectName"]
    prepared.cache, prepared.cache_paths = S3Cache(cloud.client("s3", role), cache["location"], name), paths
    for path in prepared.cache.restore(paths, workspace.root):
        log.say(f"Restored from cache: {path.relative_to(workspace.root)}")
