"""Operations on alarms: their history, what is refused of them, and what follows from those that moto answers.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.operations import Companion
from localaws.core.pages import Pages
from localaws.core.service import Request, Response, Service
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.services.cloudwatch import alarms
from localaws.services.cloudwatch.actions import AlarmActions
from localaws.services.cloudwatch.alarms import Place
from localaws.services.cloudwatch.evaluation import COMPARISONS, INSUFFICIENT_DATA
from localaws.services.cloudwatch.evaluator import Evaluator
from localaws.services.cloudwatch.expressions import ExpressionError, ids_of
from localaws.services.cloudwatch.records import History
from localaws.services.cloudwatch.statistics import is_known
from localaws.services.events.envelope import aware

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_PAGES = Pages("InvalidNextToken", "The next token specified is invalid.", size="MaxRecords")
_BEGINNING = "Unchecked: Initial alarm creation"


class Alarms(Service):
    """DescribeAlarmHistory, a companion for what moto answers, and the evaluation of metrics."""

    service = "cloudwatch"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._history = History(cloud)
        actions = AlarmActions(cloud, self._history)
        cloud.operations.accompany("cloudwatch", StateCompanion(cloud, actions, Evaluator(cloud, actions)))

    def describe_alarm_history(self, caller: Caller, request: Request) -> Response:
        wanted, start, end = request.get("HistoryItemType"), request.get("StartDate"), request.get("EndDate")
        items = [
            item
            for item in self._history.of(caller, request.get("AlarmName"))
            if wanted in (None, item["HistoryItemType"])
            and (start is None or item["Timestamp"] >= aware(start))
            and (end is None or item["Timestamp"] <= aware(end))
        ]
        if request.get("ScanBy") != "TimestampAscending":
            items.reverse()
        shown, more = _PAGES.of(items, request)
        return {"AlarmHistoryItems": shown, **more}


class StateCompanion(Companion):
    """Remembers the state before moto changes it, and acts on the change after. A new alarm has INSUFFICIENT_DATA, and
    one that is put again keeps its state; moto makes both OK."""

    def __init__(self, cloud: Cloud, actions: AlarmActions, evaluator: Evaluator) -> None:
        self._cloud = cloud
        self._actions = actions
        self._evaluator = evaluator
        self._former: dict[int, tuple[str, str, str] | None] = {}  # by request, while moto answers it

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        operation = request.operation.name
        if operation == "PutMetricAlarm":
            _refuse_unimplemented(request.parameters)
        if operation in ("PutMetricAlarm", "SetAlarmState"):
            alarm = alarms.found(Place(caller.account, caller.region), request.parameters["AlarmName"])
            former = (alarm.state_value, alarm.state_reason, alarm.state_reason_data) if alarm else None
            self._former[id(request)] = former
        return {}

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        former = self._former.get(id(request))
        if response.status < 300 and request.operation.name == "PutMetricAlarm":
            self._begin(Place(caller.account, caller.region), request.parameters["AlarmName"], former)
        elif response.status < 300 and request.operation.name == "SetAlarmState" and former:
            described = self._actions.described(caller, request.parameters["AlarmName"])
            if described and described["StateValue"] != former[0]:
                self._actions.changed(caller, described, former[0])
        return response

    def _begin(self, place: Place, name: str, former: tuple[str, str, str] | None) -> None:
        alarm = alarms.found(place, name)
        if alarm is None:
            return
        state = former or (INSUFFICIENT_DATA, _BEGINNING, "{}")
        with self._cloud.moto.changing("cloudwatch"):
            alarm.state_value, alarm.state_reason, alarm.state_reason_data = state
        if former is None:
            self._evaluator.begin(place, alarm)

    def ended(self, request: OperationRequest) -> None:
        self._former.pop(id(request), None)


def _refuse_unimplemented(request: dict[str, Any]) -> None:
    """An alarm that could never be evaluated as it asks is not made."""
    for problem in _problems(request):
        raise ServiceError("NotImplemented", f"{problem}.", 501)


def _problems(request: dict[str, Any]) -> list[str]:
    found = []
    if request.get("ComparisonOperator") not in COMPARISONS or request.get("ThresholdMetricId"):
        found.append("localaws does not implement alarms on anomaly detection")
    if request.get("EvaluateLowSampleCountPercentile") == "ignore":
        found.append("localaws does not implement EvaluateLowSampleCountPercentile 'ignore'")
    statistics = [request.get("ExtendedStatistic"), request.get("Statistic")]
    for query in request.get("Metrics", []):
        statistics.append(query.get("MetricStat", {}).get("Stat"))
        if query.get("AccountId"):
            found.append("localaws does not implement alarms on metrics of other accounts")
    found += [
        f"localaws does not implement the statistic {each} in alarms"
        for each in statistics
        if each and not is_known(each)
    ]
    return [*found, *_expression_problems(request.get("Metrics", []))]


def _expression_problems(queries: list[dict[str, Any]]) -> list[str]:
    expressions = [query["Expression"] for query in queries if query.get("Expression")]
    if len(expressions) > 1:
        return ["localaws does not implement expressions on expressions in alarms"]
    try:
        unknown = {each for expression in expressions for each in ids_of(expression)} - {
            query["Id"] for query in queries
        }
    except ExpressionError as error:
        return [str(error)]
    return [f"the expression refers to {', '.join(sorted(unknown))}, which Metrics does not have"] if unknown else []
