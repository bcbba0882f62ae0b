"""Which actions a CodePipeline may have here: their configuration, how many artifacts they take and give.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionType:
    """One kind of action. ``inputs`` and ``outputs`` are the least and most artifacts; ``provides`` are the output
    variables whose names are known beforehand (None where the action chooses them)."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    inputs: tuple[int, int] = (0, 0)
    outputs: tuple[int, int] = (0, 0)
    provides: tuple[str, ...] | None = ()


_CODEBUILD = ActionType(
    ("ProjectName",),
    ("PrimarySource", "BatchEnabled", "CombineArtifacts", "EnvironmentVariables"),
    (1, 5),
    (0, 5),
    None,
)

ACTION_TYPES: dict[tuple[str, str], ActionType] = {
    ("Source", "CodeCommit"): ActionType(
        ("RepositoryName", "BranchName"),
        ("PollForSourceChanges", "OutputArtifactFormat"),
        (0, 0),
        (1, 1),
        ("AuthorDate", "BranchName", "CommitId", "CommitMessage", "CommitterDate", "RepositoryName"),
    ),
    ("Source", "S3"): ActionType(
        ("S3Bucket", "S3ObjectKey"),
        ("PollForSourceChanges", "AllowOverrideForS3ObjectKey"),
        (0, 0),
        (1, 1),
        ("BucketName", "ETag", "ObjectKey", "VersionId"),
    ),
    ("Source", "CodeStarSourceConnection"): ActionType(
        ("ConnectionArn", "FullRepositoryId", "BranchName"),
        ("OutputArtifactFormat", "DetectChanges"),
        (0, 0),
        (1, 1),
        (
            "AuthorDate",
            "AuthorDisplayName",
            "AuthorEmail",
            "AuthorId",
            "BranchName",
            "CommitId",
            "CommitMessage",
            "ConnectionArn",
            "FullRepositoryName",
            "ProviderType",
        ),
    ),
    ("Build", "CodeBuild"): _CODEBUILD,
    ("Test", "CodeBuild"): _CODEBUILD,
    ("Deploy", "CloudFormation"): ActionType(
        ("ActionMode", "StackName"),
        (
            "Capabilities",
            "ChangeSetName",
            "OutputFileName",
            "ParameterOverrides",
            "RoleArn",
            "TemplateConfiguration",
            "TemplatePath",
        ),
        (0, 10),
        (0, 1),
        None,
    ),
    ("Deploy", "S3"): ActionType(
        ("BucketName", "Extract"),
        ("ObjectKey", "KMSEncryptionKeyARN", "CannedACL", "CacheControl"),
        (1, 1),
        (0, 0),
    ),
    ("Approval", "Manual"): ActionType((), ("CustomData", "ExternalEntityLink", "NotificationArn")),
}

CLOUDFORMATION_MODES = {
    "CREATE_UPDATE": ("TemplatePath",),
    "REPLACE_ON_FAILURE": ("TemplatePath",),
    "CHANGE_SET_REPLACE": ("TemplatePath", "ChangeSetName"),
    "CHANGE_SET_EXECUTE": ("ChangeSetName",),
    "DELETE_ONLY": (),
}
