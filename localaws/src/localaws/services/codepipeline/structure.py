"""Is a CodePipeline's declaration one that can run? Checked when it is created or changed, never only when it runs.

Pure: a declaration in, the first problem out as the error that AWS answers. What needs AWS to be asked (do the roles
exist?) is checked beside it, in pipelines.py.
https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from localaws.core.errors import ServiceError
from localaws.services.codepipeline.action_types import ACTION_TYPES, CLOUDFORMATION_MODES, ActionType
from localaws.services.codepipeline.conditions import entry_problem, rules_of
from localaws.services.codepipeline.variables import PIPELINE_NAMESPACE, VARIABLES_NAMESPACE, references

Declaration = dict[str, Any]
Refuse = Callable[[str], NoReturn]


def check_structure(pipeline: Declaration, region: str) -> None:
    """Raises ServiceError: InvalidStructureException, InvalidStageDeclarationException,
    InvalidActionDeclarationException or InvalidBlockerDeclarationException."""
    _check_type(pipeline)
    _check_stores(pipeline, region)
    stages = pipeline["stages"]
    if len(stages) < 2:
        _structure(f"Pipeline has only {len(stages)} stage(s). There should be a minimum of 2 stages in a pipeline")
    _refuse_repeated((stage["name"] for stage in stages), "stage", _structure)
    for number, stage in enumerate(stages):
        _check_stage(stage, first=number == 0, type_v2=pipeline.get("pipelineType", "V1") == "V2")
    _check_artifacts(stages)
    _check_variables(pipeline)
    _check_triggers(pipeline)


def _check_type(pipeline: Declaration) -> None:
    if pipeline.get("pipelineType", "V1") == "V2":
        return
    mode = pipeline.get("executionMode", "SUPERSEDED")
    if mode != "SUPERSEDED":
        _structure(f"Pipeline type V1 does not support execution mode {mode}; use pipeline type V2")
    for member in ("variables", "triggers"):
        if pipeline.get(member):
            _structure(f"Pipeline type V1 does not support {member}; use pipeline type V2")


def _check_stores(pipeline: Declaration, region: str) -> None:
    single, several = pipeline.get("artifactStore"), pipeline.get("artifactStores")
    if bool(single) == bool(several):
        _structure("Exactly one of artifactStore and artifactStores is required in the pipeline declaration")
    regions = {action.get("region", region) for stage in pipeline["stages"] for action in stage["actions"]}
    for wanted in sorted(regions | {region}):
        if several and wanted not in several:
            _structure(f"artifactStores has no artifact store for region {wanted}, which an action runs in")
        if single and wanted != region:
            _structure(f"An action runs in region {wanted}: use artifactStores with one artifact store for each region")


def _check_stage(stage: Declaration, first: bool, type_v2: bool) -> None:
    name, actions = stage["name"], stage["actions"]
    if stage.get("blockers"):
        raise ServiceError("InvalidBlockerDeclarationException", f"Blockers are reserved for future use: stage {name}")
    if not actions:
        _stage(f"Stage {name} has no actions; a stage must have at least one")
    _refuse_repeated((action["name"] for action in actions), f"action in stage {name}", _stage)
    categories = {action["actionTypeId"]["category"] for action in actions}
    if first and categories != {"Source"}:
        _structure("Pipeline should start with a stage that only contains source actions")
    if not first and "Source" in categories:
        _structure(f"Only the first stage may contain source actions: stage {name} has one")
    problem = entry_problem(stage, first=first, type_v2=type_v2)
    if problem:
        _stage(f"beforeEntry of stage {name}: {problem}")
    if stage.get("onSuccess"):
        _stage(f"localaws runs entry conditions alone: remove onSuccess of stage {name}")
    _check_failure(name, stage.get("onFailure"), first)
    for action in actions:
        _check_action(action, name)


def _check_failure(stage: str, on_failure: Declaration | None, first: bool) -> None:
    if on_failure is None:
        return
    if on_failure.get("conditions"):
        _stage(f"localaws runs entry conditions alone: remove the conditions of onFailure of stage {stage}")
    result = on_failure.get("result")
    if result == "ROLLBACK" and first:
        _stage(f"The source stage {stage} cannot be rolled back")
    if result == "SKIP":
        _stage(f"onFailure result SKIP of stage {stage} needs conditions, and localaws runs entry conditions alone")
    if "retryConfiguration" in on_failure and result != "RETRY":
        _stage(f"retryConfiguration of stage {stage} needs the result RETRY")


def _check_action(action: Declaration, stage: str) -> None:
    name, kind = action["name"], action["actionTypeId"]
    found = ACTION_TYPES.get((kind["category"], kind["provider"]))
    if found is None or kind["owner"] != "AWS" or kind["version"] != "1":
        known = ", ".join(f"{category}/{provider}" for category, provider in ACTION_TYPES)
        _action(
            f"ActionType (Category: '{kind['category']}', Provider: '{kind['provider']}', Owner: '{kind['owner']}', "
            f"Version: '{kind['version']}') in action '{name}' is not available here. localaws runs {known}"
        )
    for member in ("commands", "environmentVariables", "outputVariables"):
        if action.get(member):
            _action(f"Action '{name}' of provider {kind['provider']} does not take {member}")
    configuration = action.get("configuration", {})
    _check_configuration(name, found, configuration)
    _check_counts(name, found, action)
    if "timeoutInMinutes" in action and kind["provider"] != "Manual":
        _action(f"Action '{name}': localaws knows timeoutInMinutes for manual approvals only")
    if kind["provider"] == "CloudFormation":
        _check_cloudformation(action, configuration)
    if kind["provider"] == "CodeBuild":
        _check_codebuild(action, configuration)
    if configuration.get("OutputArtifactFormat", "CODE_ZIP") not in ("CODE_ZIP", "CODEBUILD_CLONE_REF"):
        _action(f"Action '{name}': OutputArtifactFormat must be CODE_ZIP or CODEBUILD_CLONE_REF")


def _check_configuration(name: str, kind: ActionType, configuration: dict[str, str]) -> None:
    for key in kind.required:
        if key not in configuration:
            _action(f"Action configuration for action '{name}' is missing required configuration '{key}'")
    for key in configuration:
        if key not in kind.required + kind.optional:
            _action(f"Action configuration for action '{name}' contains unknown configuration '{key}'")


def _check_counts(name: str, kind: ActionType, action: Declaration) -> None:
    for what, (least, most) in (("input", kind.inputs), ("output", kind.outputs)):
        count = len(action.get(f"{what}Artifacts", []))
        if not least <= count <= most:
            _action(f"Action '{name}' declares {count} {what} artifact(s); it should have between {least} and {most}")


def _check_cloudformation(action: Declaration, configuration: dict[str, str]) -> None:
    name, mode = action["name"], configuration["ActionMode"]
    if mode not in CLOUDFORMATION_MODES:
        _action(f"Action '{name}': ActionMode {mode} is not one of {', '.join(CLOUDFORMATION_MODES)}")
    for key in CLOUDFORMATION_MODES[mode]:
        if key not in configuration:
            _action(
                f"Action configuration for action '{name}' is missing required configuration '{key}' of mode {mode}"
            )
    inputs = {artifact["name"] for artifact in action.get("inputArtifacts", [])}
    for key in ("TemplatePath", "TemplateConfiguration"):
        if key not in configuration:
            continue
        artifact, separator, _ = configuration[key].partition("::")
        if not separator:
            _action(f"Action '{name}': {key} must be ArtifactName::FileName, found {configuration[key]}")
        if artifact not in inputs and "#{" not in artifact:
            _action(
                f"Action '{name}': {key} names the artifact {artifact}, which is not an input artifact of the action"
            )
    if "OutputFileName" in configuration and not action.get("outputArtifacts"):
        _action(f"Action '{name}': OutputFileName needs an output artifact")
    _check_json(name, "ParameterOverrides", configuration, dict)


def _check_codebuild(action: Declaration, configuration: dict[str, str]) -> None:
    name = action["name"]
    inputs = [artifact["name"] for artifact in action.get("inputArtifacts", [])]
    primary = configuration.get("PrimarySource")
    if len(inputs) > 1 and primary is None:
        _action(f"Action '{name}' has several input artifacts: PrimarySource is required")
    if primary is not None and primary not in inputs and "#{" not in primary:
        _action(f"Action '{name}': PrimarySource {primary} is not one of its input artifacts")
    if configuration.get("BatchEnabled", "false").lower() == "true":
        _action(f"Action '{name}': localaws does not run batch builds (BatchEnabled)")
    _check_json(name, "EnvironmentVariables", configuration, list)


def _check_json(name: str, key: str, configuration: dict[str, str], kind: type) -> None:
    text = configuration.get(key)
    if text is None or "#{" in text:
        return
    try:
        valid = isinstance(json.loads(text), kind)
    except ValueError:
        valid = False
    if not valid:
        what = "object" if kind is dict else "array"
        _action(f"Action '{name}': {key} must be a JSON {what}, found {text}")


def _check_artifacts(stages: list[Declaration]) -> None:
    """Output names are unique; inputs come from an action that runs before."""
    produced: set[str] = set()
    for stage in stages:
        actions = sorted(stage["actions"], key=lambda action: action.get("runOrder", 1))
        for order in sorted({action.get("runOrder", 1) for action in actions}):
            together = [action for action in actions if action.get("runOrder", 1) == order]
            for action in together:
                for artifact in action.get("inputArtifacts", []):
                    if artifact["name"] not in produced:
                        _action(
                            f"Input Artifact Bundle {artifact['name']} in action {action['name']} is not declared as "
                            "Output Artifact Bundle in any of the preceding actions"
                        )
            for action in together:
                for artifact in action.get("outputArtifacts", []):
                    if artifact["name"] in produced:
                        _action(
                            f"Output Artifact Bundle name must be unique within the pipeline. {artifact['name']} has "
                            "been used more than once"
                        )
                    produced.add(artifact["name"])


def _check_variables(pipeline: Declaration) -> None:
    own = [variable["name"] for variable in pipeline.get("variables", [])]
    _refuse_repeated(own, "pipeline variable", _structure)
    namespaces: dict[str, tuple[str, ...] | None] = {VARIABLES_NAMESPACE: tuple(own), PIPELINE_NAMESPACE: None}
    for stage in pipeline["stages"]:
        actions = stage["actions"]
        for rule in rules_of(stage):
            _check_known(f"Rule '{rule['name']}'", rule["configuration"], namespaces, _stage)
        for order in sorted({action.get("runOrder", 1) for action in actions}):
            together = [action for action in actions if action.get("runOrder", 1) == order]
            for action in together:
                _check_references(action, namespaces)
            for action in together:
                _add_namespace(action, namespaces)


def _check_references(action: Declaration, namespaces: dict[str, tuple[str, ...] | None]) -> None:
    if action["actionTypeId"]["category"] == "Source" and any(references(action.get("configuration", {}))):
        names = {namespace for namespace, _ in references(action["configuration"])}
        if names - {VARIABLES_NAMESPACE}:
            _action(f"Source action '{action['name']}' may refer to pipeline variables only")
    _check_known(f"Action '{action['name']}'", action.get("configuration", {}), namespaces, _action)


def _check_known(
    who: str, configuration: dict[str, str], namespaces: dict[str, tuple[str, ...] | None], refuse: Refuse
) -> None:
    for namespace, key in references(configuration):
        if namespace not in namespaces:
            refuse(f"{who} refers to #{{{namespace}.{key}}}, and no preceding action has the namespace {namespace}")
        known = namespaces[namespace]
        if known is not None and key not in known:
            has = ", ".join(known) or "nothing"
            refuse(f"{who} refers to #{{{namespace}.{key}}}, and {namespace} has only: {has}")


def _add_namespace(action: Declaration, namespaces: dict[str, tuple[str, ...] | None]) -> None:
    namespace = action.get("namespace")
    if namespace is None:
        return
    if namespace in namespaces:
        _action(f"The namespace {namespace} of action '{action['name']}' is used already; namespaces must be unique")
    kind = action["actionTypeId"]
    namespaces[namespace] = ACTION_TYPES[kind["category"], kind["provider"]].provides


def _check_triggers(pipeline: Declaration) -> None:
    sources = {action["name"]: action["actionTypeId"]["provider"] for action in pipeline["stages"][0]["actions"]}
    for trigger in pipeline.get("triggers", []):
        name = trigger["gitConfiguration"]["sourceActionName"]
        if sources.get(name) != "CodeStarSourceConnection":
            _structure(f"A trigger names {name}, which is not a CodeStarSourceConnection source action")
        if trigger["gitConfiguration"].get("pullRequest"):
            _structure(f"localaws does not support pull requests: remove pullRequest from the trigger of {name}")


def _refuse_repeated(names: Iterable[str], what: str, refuse: Any) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        refuse(f"Names must be unique: {what} {repeated[0]} has been used more than once")


def _structure(message: str) -> NoReturn:
    raise ServiceError("InvalidStructureException", message)


def _stage(message: str) -> NoReturn:
    raise ServiceError("InvalidStageDeclarationException", message)


def _action(message: str) -> NoReturn:
    raise ServiceError("InvalidActionDeclarationException", message)
