"""AWS::CodePipeline::Pipeline. Webhooks are refused: connections and EventBridge start CodePipelines."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.requests import convert
from localaws.services.cloudformation.resource_types.tags import by_arn, tag_map

_DECLARATION = (
    "ArtifactStore",
    "ArtifactStores",
    "ExecutionMode",
    "PipelineType",
    "RoleArn",
    "Stages",
    "Triggers",
    "Variables",
)
_TAGGING = by_arn("codepipeline", camel=True)


class Pipeline(ResourceType):
    type_name = "AWS::CodePipeline::Pipeline"
    name_property = "Name"

    def create(self, context: Context, properties: Properties) -> Resource:
        name = properties.get("Name") or context.name(100)
        tags = [{"key": key, "value": value} for key, value in tag_map(properties.get("Tags")).items()]
        answer = context.client("codepipeline").create_pipeline(
            pipeline=self._declaration(context, name, properties), **({"tags": tags} if tags else {})
        )
        resource = Resource(name, self._attributes(context, name, answer))
        context.report(resource)
        self._set_transitions(context, name, {}, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        client, name = context.client("codepipeline"), resource.physical_id
        if changed_properties(before, after) & set(_DECLARATION):
            answer = client.update_pipeline(pipeline=self._declaration(context, name, after))
            resource.attributes = self._attributes(context, name, answer)
            if str(after.get("RestartExecutionOnUpdate", False)).lower() == "true":
                client.start_pipeline_execution(name=name)
        self._set_transitions(context, name, before, after)
        arn = str(resource.attributes["Arn"])
        _TAGGING.update(context, arn, tag_map(before.get("Tags")), tag_map(after.get("Tags")))
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("codepipeline").delete_pipeline(name=resource.physical_id)

    def _attributes(self, context: Context, name: str, answer: dict[str, Any]) -> dict[str, Any]:
        version = answer.get("pipeline", {}).get("version", 1)
        return {"Arn": context.arn("codepipeline", name), "Version": str(version)}

    def _declaration(self, context: Context, name: str, properties: Properties) -> dict[str, Any]:
        """The API's pipeline structure; it maps the artifact stores that CloudFormation lists."""
        given = {key: properties[key] for key in _DECLARATION if key in properties}
        if "ArtifactStores" in given:
            given["ArtifactStores"] = {each["Region"]: each["ArtifactStore"] for each in given["ArtifactStores"]}
        shape = context.client("codepipeline").meta.service_model.shape_for("PipelineDeclaration")
        declaration: dict[str, Any] = convert(shape, {"Name": name, **given})
        return declaration

    def _set_transitions(self, context: Context, name: str, before: Properties, after: Properties) -> None:
        client = context.client("codepipeline")
        old = {each["StageName"]: each for each in before.get("DisableInboundStageTransitions", [])}
        new = {each["StageName"]: each for each in after.get("DisableInboundStageTransitions", [])}
        for stage, each in new.items():
            if old.get(stage) != each:
                client.disable_stage_transition(
                    pipelineName=name, stageName=stage, transitionType="Inbound", reason=each["Reason"]
                )
        for stage in old.keys() - new.keys():
            client.enable_stage_transition(pipelineName=name, stageName=stage, transitionType="Inbound")


class Webhook(ResourceType):
    type_name = "AWS::CodePipeline::Webhook"

    def create(self, context: Context, properties: Properties) -> Resource:
        raise ResourceError(
            "localaws does not implement AWS::CodePipeline::Webhook: nothing outside reaches it. Use a connection or "
            "an EventBridge rule."
        )
