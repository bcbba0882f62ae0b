"""The entry condition of one pipeline stage of one execution: its rules are run, recorded, and say whether it enters.

A rule that cannot be evaluated fails the stage, whatever the condition's result: nothing is skipped on a guess.
https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_RuleExecutionDetail.html
"""

from __future__ import annotations

import uuid
from typing import Any

from localaws.services.codepipeline.conditions import Checked, check_rule, result_of, rules_of
from localaws.services.codepipeline.records import PipelineKey, Records
from localaws.services.codepipeline.variables import PIPELINE_NAMESPACE, VARIABLES_NAMESPACE

_OUTCOMES = {"FAIL": "Failed", "SKIP": "Skipped"}


def entered(records: Records, key: PipelineKey, execution_id: str, stage: dict[str, Any]) -> str | None:
    """None where the execution enters the stage; else how it leaves it: Failed or Skipped."""
    rules = rules_of(stage)
    execution = records.execution(key, execution_id)
    if not rules or execution["stages"][stage["name"]].get("entered"):
        return None
    namespaces = known_variables(key, execution)
    found = [(rule, check_rule(rule, namespaces)) for rule in rules]
    status = _status([checked for _, checked in found])
    with records.lock:
        states = [_record(records, key, execution, stage["name"], rule, checked) for rule, checked in found]
        _note(records, key, execution_id, stage["name"], status, states)
    if status == "Succeeded":
        return None
    return _OUTCOMES[result_of(stage)] if status == "Failed" else "Failed"


def known_variables(key: PipelineKey, execution: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By namespace: what actions have set so far, the CodePipeline's own variables, and what it says of itself."""
    return {
        **execution["namespaces"],
        PIPELINE_NAMESPACE: {"PipelineExecutionId": execution["id"], "PipelineName": key.name},
        VARIABLES_NAMESPACE: execution["variables"],
    }


def _status(checks: list[Checked]) -> str:
    if any(each.error for each in checks):
        return "Errored"
    return "Succeeded" if all(each.passed for each in checks) else "Failed"


def _record(
    records: Records,
    key: PipelineKey,
    execution: dict[str, Any],
    stage: str,
    rule: dict[str, Any],
    checked: Checked,
) -> dict[str, Any]:
    """Keep one run of a rule; its RuleState."""
    now, rule_id = records.now(), str(uuid.uuid4())
    status = "Succeeded" if checked.passed else "Failed"
    errors = {"errorDetails": {"code": "ConfigurationError", "message": checked.error}} if checked.error else {}
    summary = {"externalExecutionSummary": checked.summary} if checked.summary else {}
    records.rules.put(
        f"{key}/{rule_id}",
        {
            "pipelineExecutionId": execution["id"],
            "ruleExecutionId": rule_id,
            "pipelineVersion": execution["version"],
            "stageName": stage,
            "ruleName": rule["name"],
            "startTime": now,
            "lastUpdateTime": now,
            "status": status,
            "input": {
                "ruleTypeId": rule["ruleTypeId"],
                "configuration": rule["configuration"],
                "resolvedConfiguration": checked.resolved,
                "region": rule.get("region", key.region),
                "inputArtifacts": [],
            },
            "output": {"executionResult": {**summary, **errors}},
        },
    )
    latest = {"ruleExecutionId": rule_id, "status": status, "lastStatusChange": now, **errors}
    if checked.summary:
        latest["summary"] = checked.summary
    return {"ruleName": rule["name"], "latestExecution": latest}


def _note(
    records: Records, key: PipelineKey, execution_id: str, name: str, status: str, states: list[dict[str, Any]]
) -> None:
    """The condition's state, as GetPipelineState shows it; and that a stage that was entered is not asked again."""
    failed = [state["ruleName"] for state in states if state["latestExecution"]["status"] != "Succeeded"]
    summary = f"Rules that did not pass: {', '.join(failed)}" if failed else "All rules passed"
    latest = {"status": status, "summary": summary}
    condition = {"latestExecution": {**latest, "lastStatusChange": records.now()}, "ruleStates": states}
    stage = records.stage(key, name)
    stage["entry"] = {"latestExecution": latest, "conditionStates": [condition]}
    records.put_stage(key, name, stage)
    if status == "Succeeded":
        execution = records.execution(key, execution_id)
        execution["stages"][name]["entered"] = True
        records.put_execution(key, execution)
