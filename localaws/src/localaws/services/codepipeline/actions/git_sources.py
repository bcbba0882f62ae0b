"""Sources in git: a CodeCommit repository, or a repository behind a connection (a local git folder).

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
"""

from __future__ import annotations

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from localaws.core.archives import zip_directory
from localaws.services.codecommit.repositories import aws_address, repository_path
from localaws.services.codeconnections.sources import local_repository
from localaws.services.codepipeline.action_failures import ActionFailedError
from localaws.services.codepipeline.actions.context import ActionContext, ActionResult, Revision

# Nothing of the user's git configuration takes part.
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def codecommit_source(context: ActionContext) -> ActionResult:
    name, branch = context.configuration["RepositoryName"], context.configuration["BranchName"]
    _check_access(context, name, branch)
    repository = repository_path(context.cloud, context.role.account, context.role.region, name)
    console = f"https://{context.role.region}.console.aws.amazon.com/codesuite/codecommit/repositories/{name}"
    origin = f"{aws_address(context.role)}{name}"
    result = _take(context, repository, branch, f"repository {name}", console + "/commit/{}", origin)
    return ActionResult(
        result.summary, {**result.variables, "RepositoryName": name}, result.revision, result.external_id
    )


def _check_access(context: ActionContext, name: str, branch: str) -> None:
    """Ask CodeCommit as the action's role, so that a repository that is absent or closed to it is refused."""
    client = context.client("codecommit")
    try:
        client.get_branch(repositoryName=name, branchName=branch)
    except client.exceptions.BranchDoesNotExistException:
        return  # told below, with the branches that there are
    except ClientError as error:
        raise ActionFailedError.of(f"The repository {name} cannot be read", error) from error


def connection_source(context: ActionContext) -> ActionResult:
    configuration = context.configuration
    arn, name, branch = (configuration[key] for key in ("ConnectionArn", "FullRepositoryId", "BranchName"))
    repository = local_repository(context.cloud, arn, name)
    result = _take(context, repository, branch, f"repository {name}", "")
    author = _git(repository, "log", "-1", "--format=%an%n%ae", result.external_id).split("\n")
    variables = {
        **result.variables,
        "AuthorDisplayName": author[0],
        "AuthorEmail": author[1],
        "AuthorId": author[1],
        "ConnectionArn": arn,
        "FullRepositoryName": name,
        "ProviderType": "GitHub",
    }
    return ActionResult(result.summary, variables, result.revision, result.external_id)


def _take(
    context: ActionContext, repository: Path, branch: str, what: str, url: str, origin: str | None = None
) -> ActionResult:
    """``origin`` is what a full clone has for its remote: what it was cloned from where that is None."""
    commit = _commit(context, repository, branch, what)
    author_date, committer_date, message = _git(repository, "log", "-1", "--format=%at%x00%ct%x00%B", commit).split(
        "\x00"
    )
    if context.configuration.get("OutputArtifactFormat") == "CODEBUILD_CLONE_REF":
        context.write_output(_clone(repository, commit, origin))
    else:
        context.write_output(_git_bytes(repository, "archive", "--format=zip", "-1", commit))
    created = datetime.fromtimestamp(int(committer_date), UTC)
    variables = {
        "AuthorDate": f"{datetime.fromtimestamp(int(author_date), UTC):%Y-%m-%dT%H:%M:%SZ}",
        "BranchName": (context.override or {}).get("branch", branch),
        "CommitId": commit,
        "CommitMessage": message.strip(),
        "CommitterDate": f"{created:%Y-%m-%dT%H:%M:%SZ}",
    }
    revision = Revision(commit, message.strip(), url.format(commit), created)
    return ActionResult(message.strip(), variables, revision, commit)


def _commit(context: ActionContext, repository: Path, branch: str, what: str) -> str:
    override = context.override
    if override and override["revisionType"] != "COMMIT_ID":
        raise ActionFailedError("ConfigurationError", f"{what} takes revisions of type COMMIT_ID only")
    name = override["revisionValue"] if override else f"refs/heads/{branch}"
    try:
        return _git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except ActionFailedError as error:
        if override:
            raise ActionFailedError("RevisionUnavailable", f"The {what} has no commit {name}") from error
        heads = _git(repository, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        raise ActionFailedError(
            "ConfigurationError",
            f"No branch with the name {branch} was found for the {what}; it has: {', '.join(heads) or 'no branch yet'}",
        ) from error


def _clone(repository: Path, commit: str, origin: str | None) -> bytes:
    """A full clone with its history, as CodeBuild has it after CODEBUILD_CLONE_REF."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "clone"
        _git(repository, "clone", "--quiet", "--no-hardlinks", "--no-checkout", str(repository), str(target))
        _git(target, "checkout", "--quiet", "--detach", commit)
        if origin:
            _git(target, "remote", "set-url", "origin", origin)
        return zip_directory(target)


def _git(repository: Path, *arguments: str) -> str:
    return _git_bytes(repository, *arguments).decode("utf-8", "replace").strip()


def _git_bytes(repository: Path, *arguments: str) -> bytes:
    command = ["git", "-c", "safe.directory=*", "-C", str(repository), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env=_ENVIRONMENT)
    if done.returncode:
        raise ActionFailedError("RevisionUnavailable", f"git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout
