"""UPLOAD_ARTIFACTS: which artifact of the buildspec goes where, for a project's own artifacts and for CodePipeline's.

https://docs.aws.amazon.com/codebuild/latest/userguide/sample-multi-in-out.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from localaws.services.codebuild.artifacts import Destination, chosen_files, s3_destination, upload
from localaws.services.codebuild.buildspec import Artifacts, Buildspec
from localaws.services.codebuild.failures import PhaseError

if TYPE_CHECKING:
    from localaws.services.codebuild.build_log import BuildLog
    from localaws.services.codebuild.container import BuildContainer
    from localaws.services.codebuild.records import BuildRecord
    from localaws.services.codebuild.shell import ShellSession


@dataclass(frozen=True)
class Output:
    """One artifact to be made. ``identifier`` is "" for the primary one."""

    identifier: str
    wanted: Artifacts
    destination: Destination


def upload_outputs(
    s3: Any,
    record: BuildRecord,
    project: dict[str, Any],
    buildspec: Buildspec,
    container: BuildContainer,
    shell: ShellSession,
    log: BuildLog,
) -> None:
    """Make every artifact and note where it is in the build. Raises PhaseError.

    The shell is closed before files are chosen: nothing of the build can lay a link in the way meanwhile.
    """
    build, secondary = record.build(), []
    expanded = _expanded(buildspec, shell)
    shell.close()
    codepipeline = record.codepipeline()
    outputs = list(
        _codepipeline_outputs(codepipeline, expanded)
        if codepipeline is not None
        else _project_outputs(build, project, expanded)
    )
    for output in outputs:
        log.say(f"Expanding base directory path: {output.wanted.base_directory or '.'}")
        log.say("Assembling file list")
        files = chosen_files(output.wanted, container.directory, container.shows)
        log.say(f"Found {len(files)} file(s)")
        made = upload(s3, files, output.destination, output.wanted.enable_symlinks)
        made |= {"encryptionDisabled": not output.destination.key_id}
        if output.identifier:
            secondary.append({**made, "artifactIdentifier": output.identifier})
        else:
            record.set(artifacts={**build["artifacts"], **made})
    record.set(secondaryArtifacts=secondary)


def _project_outputs(build: dict[str, Any], project: dict[str, Any], buildspec: Buildspec) -> Iterator[Output]:
    primary = project["artifacts"]
    if primary["type"] == "S3":
        if buildspec.artifacts is None:
            raise PhaseError(
                "CLIENT_ERROR", "the project has S3 artifacts, and the buildspec names no artifacts: files"
            )
        yield Output("", buildspec.artifacts, s3_destination(primary, build, buildspec.artifacts.name))
    for artifact in project.get("secondaryArtifacts", []):
        identifier = artifact["artifactIdentifier"]
        wanted = buildspec.secondary_artifacts.get(identifier)
        if wanted is None:
            raise PhaseError("CLIENT_ERROR", f"the buildspec names no secondary-artifacts {identifier}")
        if artifact["type"] == "S3":
            yield Output(identifier, wanted, s3_destination(artifact, build, wanted.name))


def _codepipeline_outputs(codepipeline: dict[str, Any], buildspec: Buildspec) -> Iterator[Output]:
    outputs = codepipeline["outputs"]
    for output in outputs:
        wanted = buildspec.secondary_artifacts.get(output["name"])
        identifier = output["name"]
        if wanted is None and len(outputs) == 1:
            wanted, identifier = buildspec.artifacts, ""
        if wanted is None:
            where = "artifacts: files" if len(outputs) == 1 else f"secondary-artifacts {output['name']}"
            raise PhaseError(
                "CLIENT_ERROR",
                f"the action has the output artifact {output['name']}, and the buildspec names no {where}",
            )
        destination = Destination(output["bucket"], output["key"], True, codepipeline.get("key_id", ""))
        yield Output(identifier, wanted, destination)


def _expanded(buildspec: Buildspec, shell: ShellSession) -> Buildspec:
    """Variables and commands in names, patterns and base directories, as the build's shell expands them."""
    return replace(
        buildspec,
        artifacts=_expand_artifacts(buildspec.artifacts, shell) if buildspec.artifacts else None,
        secondary_artifacts={
            name: _expand_artifacts(wanted, shell) for name, wanted in buildspec.secondary_artifacts.items()
        },
    )


def _expand_artifacts(wanted: Artifacts, shell: ShellSession) -> Artifacts:
    return replace(
        wanted,
        name=_expand(wanted.name, shell),
        base_directory=_expand(wanted.base_directory, shell),
        files=tuple(_expand(pattern, shell) for pattern in wanted.files),
        exclude_paths=tuple(_expand(pattern, shell) for pattern in wanted.exclude_paths),
    )


def _expand(text: str, shell: ShellSession) -> str:
    """The text as the shell expands it, and as it is where the shell cannot. ``$(NAME)`` of a variable means its
    value, as CodeBuild's documentation has it."""
    if "$" not in text and "`" not in text:
        return text
    quoted = re.sub(r"\$\(([A-Z_][A-Z0-9_]*)\)", r"${\1}", text).replace("\\", "\\\\").replace('"', '\\"')
    name = "CODEBUILD_EXPANDED"
    status = shell.run(f'{name}="{quoted}"')
    value = shell.value_of(name) if not status else None
    shell.run(f"unset {name}")
    return text if value is None else value
