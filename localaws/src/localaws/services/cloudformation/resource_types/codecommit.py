"""AWS::CodeCommit::Repository, seeded from a zip file in S3 where Code says so."""

from __future__ import annotations

from typing import Any

from localaws.core.archives import opened_zip
from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.tags import by_arn, tag_map

_TAGGING = by_arn("codecommit", camel=True)
_FILES_PER_COMMIT = 100  # CreateCommit takes no more
_EXECUTABLE = 0o111


class Repository(ResourceType):
    type_name = "AWS::CodeCommit::Repository"
    name_property = "RepositoryName"
    ignored_changes = frozenset({"Code"})

    def create(self, context: Context, properties: Properties) -> Resource:
        sent = {key: value for key, value in properties.items() if key not in ("Code", "Triggers")}
        metadata = context.call("codecommit", "create_repository", sent)["repositoryMetadata"]
        resource = Resource(metadata["repositoryId"], _attributes(metadata))
        context.report(resource)
        if "Code" in properties:
            self._seed(context, properties["RepositoryName"], properties["Code"])
        self._set_triggers(context, properties["RepositoryName"], {}, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        client, name = context.client("codecommit"), after["RepositoryName"]
        changed = changed_properties(before, after)
        if "RepositoryName" in changed:
            client.update_repository_name(oldName=before["RepositoryName"], newName=name)
        if "RepositoryDescription" in changed:
            client.update_repository_description(
                repositoryName=name, repositoryDescription=after.get("RepositoryDescription", "")
            )
        if "KmsKeyId" in changed:
            client.update_repository_encryption_key(repositoryName=name, kmsKeyId=after.get("KmsKeyId", ""))
        self._set_triggers(context, name, before, after)
        metadata = client.get_repository(repositoryName=name)["repositoryMetadata"]
        _TAGGING.update(context, metadata["Arn"], tag_map(before.get("Tags")), tag_map(after.get("Tags")))
        return Resource(resource.physical_id, _attributes(metadata))

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("codecommit").delete_repository(repositoryName=str(resource.attributes["Name"]))

    def _set_triggers(self, context: Context, name: str, before: Properties, after: Properties) -> None:
        if before.get("Triggers", []) != after.get("Triggers", []):
            triggers = {"Triggers": after.get("Triggers", [])}
            context.call("codecommit", "put_repository_triggers", triggers, None, repositoryName=name)

    def _seed(self, context: Context, name: str, code: dict[str, Any]) -> None:
        place = code["S3"]
        version = {"VersionId": place["ObjectVersion"]} if "ObjectVersion" in place else {}
        body = context.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"], **version)["Body"].read()
        client = context.client("codecommit")
        parent: dict[str, str] = {}
        try:
            files = _files(body)
        except ValueError as error:
            raise ResourceError(f"Code: s3://{place['Bucket']}/{place['Key']}: {error}") from error
        for start in range(0, len(files), _FILES_PER_COMMIT):
            answer = client.create_commit(
                repositoryName=name,
                branchName=code.get("BranchName", "main"),
                commitMessage="Initial commit by AWS CodeCommit",
                putFiles=files[start : start + _FILES_PER_COMMIT],
                **parent,
            )
            parent = {"parentCommitId": answer["commitId"]}


def _files(archive: bytes) -> list[dict[str, Any]]:
    """The files of a zip as CreateCommit takes them."""
    with opened_zip(archive) as content:
        return [
            {
                "filePath": entry.filename,
                "fileMode": "EXECUTABLE" if (entry.external_attr >> 16) & _EXECUTABLE else "NORMAL",
                "fileContent": content.read(entry),
            }
            for entry in content.infolist()
            if not entry.is_dir()
        ]


def _attributes(metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "Arn": metadata["Arn"],
        "CloneUrlHttp": metadata["cloneUrlHttp"],
        "CloneUrlSsh": metadata.get("cloneUrlSsh", ""),
        "Name": metadata["repositoryName"],
        "RepositoryId": metadata["repositoryId"],
    }
