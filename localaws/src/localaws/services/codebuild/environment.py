"""The variables of a build: CodeBuild's own, and the buildspec's, the project's and the start's, each over the former.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

from __future__ import annotations

import json
import shlex
import sys
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.codebuild.buildspec import Buildspec
from localaws.services.codebuild.failures import PhaseError

Typed = tuple[str, str]  # (PLAINTEXT, PARAMETER_STORE or SECRETS_MANAGER; value)


def declared_variables(buildspec: Buildspec, environment: list[dict[str, Any]]) -> dict[str, Typed]:
    """Every declared variable with its type. ``environment`` is the build's own: project and start, merged."""
    declared: dict[str, Typed] = {}
    for kind, variables in (
        ("PLAINTEXT", buildspec.variables),
        ("PARAMETER_STORE", buildspec.parameter_store),
        ("SECRETS_MANAGER", buildspec.secrets_manager),
    ):
        declared.update({name: (kind, value) for name, value in variables.items()})
    for variable in environment:
        declared[variable["name"]] = (variable.get("type", "PLAINTEXT"), variable["value"])
    return declared


def merged_variables(project: list[dict[str, Any]], start: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The project's variables with those given at the start over them."""
    merged = {variable["name"]: variable for variable in [*project, *start]}
    return [{"type": "PLAINTEXT", **variable} for variable in merged.values()]


def resolve(declared: dict[str, Typed], ssm: Any, secrets: Any) -> dict[str, str]:
    """Values of all variables. Raises PhaseError where a parameter or a secret cannot be had."""
    values = {}
    for name, (kind, value) in declared.items():
        if kind == "PARAMETER_STORE":
            values[name] = _parameter(ssm, value)
        elif kind == "SECRETS_MANAGER":
            values[name] = _secret(secrets, value)
        else:
            values[name] = value
    return values


def git_variables(buildspec: Buildspec, aws_address: str, own_address: str) -> dict[str, str]:
    """CodeCommit's addresses of AWS's form lead to this server; with ``git-credential-helper: yes`` git shows it the
    build's role."""
    settings = [(f"url.{own_address}.insteadOf", aws_address)]
    if buildspec.git_credential_helper:
        helper = f"!{shlex.quote(sys.executable)} -I -m localaws git-credential --from-environment"
        settings += [("credential.helper", helper), ("credential.useHttpPath", "true")]
    named = {f"GIT_CONFIG_KEY_{number}": name for number, (name, _) in enumerate(settings)}
    valued = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in enumerate(settings)}
    return {"GIT_CONFIG_COUNT": str(len(settings)), **named, **valued}


def builtin_variables(build: dict[str, Any], source_directory: str, owner_region: str) -> dict[str, str]:
    """What CodeBuild itself sets."""
    variables = {
        "AWS_DEFAULT_REGION": owner_region,
        "AWS_REGION": owner_region,
        "CI": "true",
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_IMAGE": build["environment"]["image"],
        "CODEBUILD_BUILD_NUMBER": str(build["buildNumber"]),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build["initiator"],
        "CODEBUILD_KMS_KEY_ID": build["encryptionKey"],
        "CODEBUILD_LOG_PATH": build["logs"].get("streamName", ""),
        "CODEBUILD_PROJECT_ARN": build["arn"].split(":build/")[0] + f":project/{build['projectName']}",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.get("resolvedSourceVersion", ""),
        "CODEBUILD_SOURCE_REPO_URL": build["source"].get("location", ""),
        "CODEBUILD_SOURCE_VERSION": build.get("sourceVersion", ""),
        "CODEBUILD_SRC_DIR": source_directory,
        "CODEBUILD_START_TIME": str(int(build["startTime"].timestamp() * 1000)),
    }
    return {name: value for name, value in variables.items() if value}


def _parameter(ssm: Any, name: str) -> str:
    try:
        return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            raise PhaseError("Decrypted Variables Error", f"parameter does not exist: {name}") from error
        raise PhaseError.of(f"Parameter Store: {name}", error) from error


def _secret(secrets: Any, reference: str) -> str:
    """``secret-id[:json-key[:version-stage[:version-id]]]``; the id may be an ARN, which has colons of its own."""
    parts = reference.split(":")
    taken = 7 if reference.startswith("arn:") else 1
    secret_id = ":".join(parts[:taken])
    key, stage, version = (*parts[taken:], "", "", "")[:3]
    request = {"SecretId": secret_id}
    if stage:
        request["VersionStage"] = stage
    if version:
        request["VersionId"] = version
    try:
        text = secrets.get_secret_value(**request)["SecretString"]
    except ClientError as error:
        refused = error.response["Error"]
        raise PhaseError("Secrets Manager Error", f"{refused['Code']}: {refused['Message']} ({secret_id})") from error
    if not key:
        return str(text)
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise PhaseError("Secrets Manager Error", f"the secret {secret_id} has no JSON key {key}") from error
    return value if isinstance(value, str) else json.dumps(value)
