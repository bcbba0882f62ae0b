"""Change sets: made in a worker, described property by property, executed by the engine.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from __future__ import annotations

import logging
import re
import uuid
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.cloudformation.change_set import without_values
from localaws.services.cloudformation.change_set_records import find_change_set, live_change_sets
from localaws.services.cloudformation.client_tokens import is_repeated, remember
from localaws.services.cloudformation.engine import Engine
from localaws.services.cloudformation.principal import caller_document
from localaws.services.cloudformation.records import PAGES, Records, Stack
from localaws.services.cloudformation.stack_operations import add_stack, begin_update, check_updatable, new_stack
from localaws.services.cloudformation.stack_query_operations import described_parameters
from localaws.services.cloudformation.submission import Submission, submit

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
# Seconds that ExecuteChangeSet waits for a small stack: the AWS CLI looks once at once, and then every 30 s.
_PATIENCE = 1.0
_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")


class ChangeSetOperations(Service):
    """CreateChangeSet, DescribeChangeSet, ListChangeSets, ExecuteChangeSet, DeleteChangeSet."""

    service = "cloudformation"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._engine = Engine(cloud, self._records)
        cloud.on_start(self._fail_interrupted)

    def create_change_set(self, caller: Caller, request: Request) -> Response:
        name, kind = request["ChangeSetName"], request.get("ChangeSetType", "UPDATE")
        self._refuse_unimplemented(request, name, kind)
        stack = self._records.find(caller, request["StackName"])
        repeated = self._repeated(stack, name, request)
        if repeated is not None:
            return repeated
        is_new = stack is None
        if kind == "CREATE":
            stack = stack or new_stack(self._cloud, caller, request["StackName"])
            if stack.get("StackStatus", "REVIEW_IN_PROGRESS") != "REVIEW_IN_PROGRESS":
                raise ServiceError(
                    "ValidationError",
                    f"Stack [{stack['StackName']}] already exists and cannot be created again with the changeSet "
                    f"[{name}].",
                )
        if stack is None:
            raise ServiceError("ValidationError", f"Stack [{request['StackName']}] does not exist")
        if kind == "UPDATE":
            check_updatable(stack)
        stack["Caller"] = caller_document(caller)
        submission = submit(self._cloud, self._records, caller, request, stack)
        if is_new:
            add_stack(self._records, stack, "REVIEW_IN_PROGRESS")
        document = self._document(caller, request, stack, submission, kind)
        self._records.change_sets.put(document["Key"], document)
        self._cloud.workers.start(f"change set {name}", lambda: self._complete(document["Key"], submission))
        return {"Id": document["ChangeSetId"], "StackId": stack["StackId"]}

    def describe_change_set(self, caller: Caller, request: Request) -> Response:
        document = find_change_set(self._records, caller, request)
        changes = document["Changes"] if request.get("IncludePropertyValues") else without_values(document["Changes"])
        found, more = PAGES.of(changes, request)
        fields = document["Fields"]
        return {
            **_summary(document),
            "Parameters": described_parameters(fields["Parameters"]),
            "NotificationARNs": fields["NotificationARNs"],
            "RollbackConfiguration": {},
            "Capabilities": fields["Capabilities"],
            "Tags": [{"Key": key, "Value": value} for key, value in fields["Tags"].items()],
            "Changes": [{"Type": "Resource", "ResourceChange": change} for change in found],
            **_warning(document, request),
            **({"OnStackFailure": document["OnStackFailure"]} if document.get("OnStackFailure") else {}),
            **more,
        }

    def list_change_sets(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack [{}] does not exist")
        found, more = PAGES.of(
            live_change_sets(self._records, stack["Key"]), request, lambda document: str(document["ChangeSetId"])
        )
        return {"Summaries": [_summary(document) for document in found], **more}

    def delete_change_set(self, caller: Caller, request: Request) -> Response:
        try:
            document = find_change_set(self._records, caller, request)
        except ServiceError as error:
            if error.code == "ChangeSetNotFoundException":
                return {}  # AWS answers success for a change set that is gone
            raise
        if document["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS") or document["ExecutionStatus"].startswith(
            "EXECUTE_IN"
        ):
            raise _invalid_status(document, "deleted")
        self._records.change_sets.delete(document["Key"])
        return {}

    def execute_change_set(self, caller: Caller, request: Request) -> Response:
        document = find_change_set(self._records, caller, request)
        key = document["StackKey"]
        if is_repeated(self._records.get(key), "ExecuteChangeSet", request, document["ChangeSetId"]):
            return {}
        if document["ExecutionStatus"] != "AVAILABLE":
            raise _invalid_status(document, "executed")
        creating = document["Type"] == "CREATE"
        with self._records.edit(key) as stack:
            if not creating:
                check_updatable(stack)
            elif stack["StackStatus"] != "REVIEW_IN_PROGRESS":
                raise _invalid_status(document, "executed")
            self._begin(stack, document, caller, request)
        self._records.change_sets.put(document["Key"], {**document, "ExecutionStatus": "EXECUTE_IN_PROGRESS"})
        for other in live_change_sets(self._records, key):
            self._records.change_sets.delete(other["Key"])
        self._records.set_status(key, stack["StackStatus"], "User Initiated")
        worker = self._cloud.workers.start(
            f"execution of {document['ChangeSetName']}", lambda: self._watch(document["Key"])
        )
        worker.join(_PATIENCE)
        return {}

    def _begin(self, stack: Stack, document: dict[str, Any], caller: Caller, request: Request) -> None:
        now = self._cloud.clock.now()
        if document["Type"] == "CREATE":
            stack.update(document["Fields"])
            stack["StackStatus"], stack["LastUpdatedTime"] = "CREATE_IN_PROGRESS", now
        else:
            begin_update(stack, document["Fields"], now)
        disabled = bool(request.get("DisableRollback"))
        stack["OnFailure"] = document.get("OnStackFailure") or ("DO_NOTHING" if disabled else "ROLLBACK")
        stack["DisableRollback"] = disabled or document.get("OnStackFailure") == "DO_NOTHING"
        stack["RetainExceptOnCreate"] = bool(request.get("RetainExceptOnCreate"))
        stack["Caller"] = caller_document(caller)
        remember(stack, "ExecuteChangeSet", request, document["ChangeSetId"])
        stack["ChangeSetId"] = document["ChangeSetId"]

    def _watch(self, key: str) -> None:
        """Run the engine to its end, then tell how the execution went."""
        document = self._records.change_sets.get(key)
        if document is None:
            raise KeyError(key)
        self._engine.run(document["StackKey"])
        status = self._records.get(document["StackKey"])["StackStatus"]
        ended = "EXECUTE_COMPLETE" if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") else "EXECUTE_FAILED"
        self._records.change_sets.put(key, {**document, "ExecutionStatus": ended})

    def _complete(self, key: str, submission: Submission) -> None:
        document = self._records.change_sets.get(key)
        if document is None:
            return  # deleted meanwhile
        if document["Type"] == "UPDATE" and not submission.has_changes:
            document |= {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StatusReason": NO_CHANGES}
        else:
            document |= {
                "Status": "CREATE_COMPLETE",
                "ExecutionStatus": "AVAILABLE",
                "Changes": submission.changes,
            }
        self._records.change_sets.put(key, document)

    def _document(
        self, caller: Caller, request: Request, stack: Stack, submission: Submission, kind: str
    ) -> dict[str, Any]:
        identity = str(uuid.uuid4())
        return {
            "Key": f"{stack['Key']}/{identity}",
            "StackKey": stack["Key"],
            "ChangeSetId": caller.resource_arn("cloudformation", f"changeSet/{request['ChangeSetName']}/{identity}"),
            "ChangeSetName": request["ChangeSetName"],
            "StackId": stack["StackId"],
            "StackName": stack["StackName"],
            "Type": kind,
            "Description": request.get("Description"),
            "CreationTime": self._cloud.clock.now(),
            "ClientToken": request.get("ClientToken"),
            "OnStackFailure": request.get("OnStackFailure"),
            "Status": "CREATE_IN_PROGRESS",
            "ExecutionStatus": "UNAVAILABLE",
            "Fields": submission.fields,
            "AbsentImports": submission.absent_imports,
            "Changes": [],
        }

    def _refuse_unimplemented(self, request: Request, name: str, kind: str) -> None:
        if not _NAME.fullmatch(name):
            raise ServiceError(
                "ValidationError",
                f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy constraint: Member "
                "must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
            )
        if kind == "IMPORT" or request.get("ResourcesToImport") or request.get("ImportExistingResources"):
            raise ServiceError("NotImplemented", "localaws does not import resources into stacks.", 501)
        if request.get("IncludeNestedStacks"):
            raise ServiceError("NotImplemented", "localaws does not support change sets of nested stacks.", 501)

    def _repeated(self, stack: Stack | None, name: str, request: Request) -> Response | None:
        """The answer to a request that was made before with the same token; a taken name is refused."""
        if stack is None:
            return None
        for other in live_change_sets(self._records, stack["Key"]):
            if other["ChangeSetName"] != name:
                continue
            if request.get("ClientToken") and other["ClientToken"] == request["ClientToken"]:
                return {"Id": other["ChangeSetId"], "StackId": other["StackId"]}
            if other["Status"] == "FAILED":
                # `aws cloudformation deploy` leaves these and names its change sets by the second: on AWS, making one
                # takes longer than that.
                self._records.change_sets.delete(other["Key"])
                continue
            raise ServiceError("AlreadyExistsException", f"ChangeSet [{name}] already exists")
        return None

    def _fail_interrupted(self) -> None:
        for key, document in self._records.change_sets.items():
            if document["Status"] == "CREATE_IN_PROGRESS":
                reason = "The server stopped while the change set was being created."
                self._records.change_sets.put(key, {**document, "Status": "FAILED", "StatusReason": reason})
            elif document["ExecutionStatus"] == "EXECUTE_IN_PROGRESS":
                self._records.change_sets.put(key, {**document, "ExecutionStatus": "EXECUTE_FAILED"})


def _summary(document: dict[str, Any]) -> dict[str, Any]:
    names = (
        "StackId",
        "StackName",
        "ChangeSetId",
        "ChangeSetName",
        "ExecutionStatus",
        "Status",
        "StatusReason",
        "CreationTime",
        "Description",
    )
    found = {name: document[name] for name in names if document.get(name) is not None}
    return {**found, "IncludeNestedStacks": False}


def _warning(document: dict[str, Any], request: Request) -> dict[str, str]:
    """What keeps the values of a change set from being known, told to those who asked for them."""
    absent = document.get("AbsentImports")
    if not absent or not request.get("IncludePropertyValues") or document.get("StatusReason"):
        return {}
    name, export = next(iter(absent.items()))
    return {
        "StatusReason": "[WARN] --include-property-values option can return incomplete ChangeSet data because: "
        f"ChangeSet creation failed for resource [{name}] because: No export named {export}"
    }


def _invalid_status(document: dict[str, Any], verb: str) -> ServiceError:
    status = document["ExecutionStatus"] if document["Status"] == "CREATE_COMPLETE" else document["Status"]
    return ServiceError(
        "InvalidChangeSetStatus",
        f"ChangeSet [{document['ChangeSetId']}] cannot be {verb} in its current status of [{status}]",
    )
