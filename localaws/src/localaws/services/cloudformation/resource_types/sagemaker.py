"""AWS::SageMaker: models, pipelines, model package groups and model packages."""

from __future__ import annotations

import json
from typing import Any

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, already_gone
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import Tagging

_TAGGING = Tagging("sagemaker", "add_tags", "ResourceArn", "Tags", "delete_tags", "TagKeys")


class Model(ApiResource):
    """Every property is createOnly: any change makes a new model."""

    type_name = "AWS::SageMaker::Model"
    service = "sagemaker"
    create_operation = "create_model"
    delete_operation = "delete_model"
    identifier = "ModelName"
    name_property = "ModelName"
    name_limit = 63
    tagging = _TAGGING

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        arn, name = str(answer["ModelArn"]), properties["ModelName"]
        return Resource(arn, {"Arn": arn, "ModelArn": arn, "ModelName": name})

    def api_identifier(self, resource: Resource) -> str:
        return str(resource.attributes["ModelName"])


class Pipeline(ApiResource):
    type_name = "AWS::SageMaker::Pipeline"
    service = "sagemaker"
    create_operation = "create_pipeline"
    update_operation = "update_pipeline"
    delete_operation = "delete_pipeline"
    identifier = "PipelineName"
    name_property = "PipelineName"
    tagging = _TAGGING

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        # pipeline ARNs are lower case, whatever the name's case
        arn = answer.get("PipelineArn") or context.arn("sagemaker", f"pipeline/{physical_id.lower()}")
        return {"Arn": arn}

    def api_properties(self, context: Context, properties: Properties) -> Properties:
        sent = dict(properties)
        definition = sent.pop("PipelineDefinition")
        if "PipelineDefinitionBody" in definition:
            sent["PipelineDefinition"] = definition["PipelineDefinitionBody"]
            return sent
        location = definition["PipelineDefinitionS3Location"]
        place = {"Bucket": location["Bucket"], "ObjectKey": location["Key"]}
        if "Version" in location:
            place["VersionId"] = location["Version"]
        self._check_etag(context, location)
        return {**sent, "PipelineDefinitionS3Location": place}

    def _check_etag(self, context: Context, location: dict[str, str]) -> None:
        if "ETag" not in location:
            return
        version = {"VersionId": location["Version"]} if "Version" in location else {}
        found = context.client("s3").head_object(Bucket=location["Bucket"], Key=location["Key"], **version)["ETag"]
        if found.strip('"') != location["ETag"].strip('"'):
            raise ResourceError(
                f"The ETag of s3://{location['Bucket']}/{location['Key']} is {found}, not {location['ETag']}."
            )

    def create(self, context: Context, properties: Properties) -> Resource:
        token = {"ClientRequestToken": context.name(128)}
        return super().create(context, {**properties, **token})


class ModelPackageGroup(ApiResource):
    type_name = "AWS::SageMaker::ModelPackageGroup"
    service = "sagemaker"
    create_operation = "create_model_package_group"
    delete_operation = "delete_model_package_group"
    identifier = "ModelPackageGroupName"
    name_property = "ModelPackageGroupName"
    settings = frozenset({"ModelPackageGroupPolicy"})
    tagging = _TAGGING

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        arn = str(answer["ModelPackageGroupArn"])
        return Resource(arn, {"Arn": arn, "ModelPackageGroupArn": arn, "ModelPackageGroupStatus": "Completed"})

    def api_identifier(self, resource: Resource) -> str:
        return resource.physical_id.rsplit("/", 1)[-1]

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        old, new = before.get("ModelPackageGroupPolicy"), after.get("ModelPackageGroupPolicy")
        client, name = context.client("sagemaker"), self.api_identifier(resource)
        if new and new != old:
            text = new if isinstance(new, str) else json.dumps(new)
            client.put_model_package_group_policy(ModelPackageGroupName=name, ResourcePolicy=text)
        elif old and not new:
            with already_gone():
                client.delete_model_package_group_policy(ModelPackageGroupName=name)


class ModelPackage(ApiResource):
    type_name = "AWS::SageMaker::ModelPackage"
    service = "sagemaker"
    create_operation = "create_model_package"
    update_operation = "update_model_package"
    delete_operation = "delete_model_package"
    identifier = "ModelPackageName"
    tagging = _TAGGING

    def must_replace(self, name: str, before: Properties, after: Properties) -> bool:
        return False  # UpdateModelPackage takes its card and its source

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        arn = str(answer["ModelPackageArn"])
        return Resource(arn, {"Arn": arn, "ModelPackageArn": arn})

    def create(self, context: Context, properties: Properties) -> Resource:
        resource = super().create(context, properties)
        found: dict[str, Any] = {}

        def ready() -> bool:
            answer = context.client("sagemaker").describe_model_package(ModelPackageName=resource.physical_id)
            found.update(answer)
            return answer["ModelPackageStatus"] in ("Completed", "Failed")

        context.wait(ready, f"model package {resource.physical_id}")
        if found["ModelPackageStatus"] == "Failed":
            raise ResourceError(
                f"Model package {resource.physical_id} failed: {found.get('ModelPackageStatusDetails')}"
            )
        resource.attributes["ModelPackageStatus"] = "Completed"
        return resource

    def change(self, context: Context, resource: Resource, after: Properties, changed: set[str]) -> None:
        sent = {key: value for key, value in after.items() if key in changed}
        context.call("sagemaker", "update_model_package", sent, None, ModelPackageArn=resource.physical_id)
