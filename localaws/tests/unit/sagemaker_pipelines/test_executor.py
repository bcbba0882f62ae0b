"""The executor with step types, journal and time of our own: no job runs, nothing sleeps."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.services.sagemaker.pipelines.definition import Step, parse_definition
from localaws.services.sagemaker.pipelines.executor import STEP_FAILURE, Executor, Result
from localaws.services.sagemaker.pipelines.expressions import select
from localaws.services.sagemaker.pipelines.retry import CAPACITY_ERROR, RESOURCE_LIMIT
from localaws.services.sagemaker.pipelines.steps.condition import decide
from localaws.services.sagemaker.pipelines.steps.contract import ServerStopping, StepFailed, StepStopped, StepTypes
from localaws.services.sagemaker.pipelines.steps.fail import fail


class World:
    """Journal, scope and runtime of one execution, in memory; ``history`` is (step, status) as it was written."""

    def __init__(self, parallel: int = 50) -> None:
        self.records: dict[str, Any] = {}
        self.history: list[tuple[str, str]] = []
        self.waits: list[float] = []
        self.parallel = parallel
        self.stop = False
        self.cache: dict[str, Any] = {}
        self.time = datetime(2030, 1, 1, tzinfo=UTC)
        self.lock = threading.Lock()

    def step(self, name: str) -> Any:
        return self.records.get(name)

    def write_step(self, record: dict[str, Any]) -> None:
        with self.lock:
            self.records[record["StepName"]] = record
            self.history.append((record["StepName"], record["StepStatus"]))

    def cached(self, step: Step, key: str, now: datetime) -> Any:
        return self.cache.get(key)

    def stopping(self) -> bool:
        return self.stop

    def most_parallel(self) -> int:
        return self.parallel

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float, until: Callable[[], bool]) -> None:
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)

    def start(self, name: str, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()

    def step_run(self, step: Step, arguments: dict[str, Any], started: Callable[[dict[str, Any]], None]) -> Any:
        return Attempt(step, arguments, started, self)

    def parameter(self, name: str) -> Any:
        return {"Count": 1}[name]

    def execution_variable(self, name: str) -> Any:
        return name

    def step_property(self, step: str, path: str) -> Any:
        return select(self.records[step]["Properties"], path)

    def property_file(self, step: str, name: str) -> str:
        return "{}"

    def s3_object(self, uri: str) -> str:
        return "{}"


class Attempt:
    def __init__(self, step: Step, arguments: dict[str, Any], started: Any, world: World) -> None:
        self.step, self.arguments, self.started, self.world = step, arguments, started, world


def step(name: str, *after: str, **members: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Processing", "Arguments": {}, "DependsOn": list(after), **members}


def choose(name: str, left: Any, if_steps: list[Any], else_steps: list[Any]) -> dict[str, Any]:
    conditions = [{"Type": "Equals", "LeftValue": left, "RightValue": 1}]
    arguments = {"Conditions": conditions, "IfSteps": if_steps, "ElseSteps": else_steps}
    return {"Name": name, "Type": "Condition", "Arguments": arguments}


def succeed(run: Any) -> dict[str, Any]:
    run.started({"ProcessingJob": {"Arn": f"arn:{run.step.name}"}})
    return {"ProcessingJobArn": f"arn:{run.step.name}", "Seen": run.arguments}


def run(
    world: World, steps: list[Any], process: Callable[[Any], Any] = succeed, only: frozenset[str] | None = None
) -> Result:
    definition = parse_definition(
        json.dumps({"Version": "2020-12-01", "Steps": steps, "Parameters": [{"Name": "Count", "Type": "Integer"}]})
    )
    types: StepTypes = {"Processing": process, "Condition": decide, "Fail": fail}
    return Executor(definition, world, world, world, types, only).run()


def ended(world: World) -> dict[str, str]:
    return {name: record["StepStatus"] for name, record in world.records.items()}


def test_steps_run_after_what_they_wait_for_and_see_its_properties() -> None:
    world = World()
    second = step("B", Arguments={"Environment": {"X": {"Get": "Steps.A.ProcessingJobArn"}}})
    assert run(world, [second, step("A")]) == Result("Succeeded")
    assert [entry for entry in world.history if entry[1] == "Succeeded"] == [("A", "Succeeded"), ("B", "Succeeded")]
    assert world.records["B"]["Properties"]["Seen"] == {"Environment": {"X": "arn:A"}}
    assert world.records["B"]["Metadata"] == {"ProcessingJob": {"Arn": "arn:B"}}


class CountingWorld(World):
    """Counts the steps that were started and have not ended, as the executor's own thread sees them."""

    def __init__(self, parallel: int) -> None:
        super().__init__(parallel)
        self.in_flight = self.most_in_flight = self.looks = 0
        self.all_started = threading.Event()

    def stopping(self) -> bool:
        self.looks += 1
        if self.looks == 2:  # the first look started all that it will
            self.all_started.set()
        return False

    def start(self, name: str, work: Callable[[], None]) -> None:
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        super().start(name, work)

    def process(self, attempt: Any) -> dict[str, Any]:
        assert self.all_started.wait(5)
        with self.lock:
            self.in_flight -= 1
        return {}


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(1, 4))
def test_as_many_steps_run_at_once_as_allowed_and_no_more(count: int, parallel: int) -> None:
    world = CountingWorld(parallel)
    assert run(world, [step(f"S{number}") for number in range(count)], world.process).status == "Succeeded"
    assert world.most_in_flight == min(count, parallel)


class RememberingWorld(World):
    """Tells when the thread of a step has ended, and with it that the executor was told."""

    def __init__(self) -> None:
        super().__init__()
        self.over = {name: threading.Event() for name in ("step-Bad", "step-Slow", "step-Next")}

    def start(self, name: str, work: Callable[[], None]) -> None:
        def run_and_tell() -> None:
            work()
            self.over[name].set()

        super().start(name, run_and_tell)

    def process(self, attempt: Any) -> dict[str, Any]:
        if attempt.step.name == "Bad":
            raise StepFailed("ClientError: broken")
        assert self.over["step-Bad"].wait(5)
        return {}


def test_after_a_failure_what_runs_is_awaited_and_nothing_follows() -> None:
    world = RememberingWorld()
    assert run(world, [step("Bad"), step("Slow"), step("Next", "Slow")], world.process).status == "Failed"
    assert ended(world) == {"Bad": "Failed", "Slow": "Succeeded"}


def test_a_failed_step_lets_nothing_more_start() -> None:
    def process(attempt: Any) -> dict[str, Any]:
        if attempt.step.name == "A":
            raise StepFailed("ClientError: broken")
        return {}

    world = World()
    assert run(world, [step("A"), step("B", "A")], process) == Result("Failed", STEP_FAILURE)
    assert ended(world) == {"A": "Failed"}
    assert world.records["A"]["FailureReason"] == "ClientError: broken"


def test_a_defect_of_a_step_type_fails_the_step() -> None:
    world = World()
    assert run(world, [step("A")], lambda attempt: [][attempt.step.type]).status == "Failed"
    assert "TypeError" in world.records["A"]["FailureReason"]


def test_the_branch_that_is_not_chosen_does_not_run_nor_what_waits_for_it() -> None:
    world = World()
    steps = [choose("C", {"Get": "Parameters.Count"}, [step("Yes")], [step("No")]), step("After", "No"), step("Z", "C")]
    assert run(world, steps) == Result("Succeeded")
    assert set(ended(world)) == {"C", "Yes", "Z"}


def test_a_fail_step_ends_the_execution_with_its_message() -> None:
    world = World()
    stop = {"Name": "F", "Type": "Fail", "Arguments": {"ErrorMessage": {"Std:Join": {"On": " ", "Values": ["too", 1]}}}}
    assert run(world, [choose("C", 2, [], [stop])]).status == "Failed"
    assert world.records["F"]["FailureReason"] == "too 1"


def test_a_policy_retries_and_counts_attempts() -> None:
    tries = []

    def process(attempt: Any) -> dict[str, Any]:
        tries.append(attempt)
        if len(tries) < 3:
            raise StepFailed("ClientError: CapacityError", CAPACITY_ERROR)
        return {}

    world = World()
    policy = {"ExceptionType": [CAPACITY_ERROR], "IntervalSeconds": 5, "MaxAttempts": 3}
    assert run(world, [step("A", RetryPolicies=[policy])], process).status == "Succeeded"
    assert world.waits == [5, 10]
    assert world.records["A"]["AttemptCount"] == 3


@pytest.mark.aws_rule(
    "While a step waits for its retry it is Executing, with the attempt's number and no FailureReason",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PipelineExecutionStep.html",
)
def test_a_step_that_waits_for_its_retry_is_executing_without_a_reason() -> None:
    seen = []

    class Waiting(World):
        def wait(self, seconds: float, until: Callable[[], bool]) -> None:
            seen.append(dict(self.records["A"]))
            super().wait(seconds, until)

    def process(attempt: Any) -> dict[str, Any]:
        if not seen:
            attempt.started({"ProcessingJob": {"Arn": "arn:first"}})
            raise StepFailed("ClientError: CapacityError", CAPACITY_ERROR)
        return {}

    policy = {"ExceptionType": [CAPACITY_ERROR], "IntervalSeconds": 5, "MaxAttempts": 3}
    assert run(Waiting(), [step("A", RetryPolicies=[policy])], process).status == "Succeeded"
    (waiting,) = seen
    assert (waiting["StepStatus"], waiting["AttemptCount"]) == ("Executing", 1)
    assert waiting["Metadata"] == {"ProcessingJob": {"Arn": "arn:first"}}
    assert "FailureReason" not in waiting


def test_a_failure_that_no_policy_names_says_so() -> None:
    def process(attempt: Any) -> dict[str, Any]:
        raise StepFailed("ClientError: too many", RESOURCE_LIMIT)

    world = World()
    assert run(world, [step("A")], process).status == "Failed"
    assert world.records["A"]["FailureReason"] == (
        "ClientError: too many\nRetry not appropriate on execution of step with PipelineExecutionArn "
        "PipelineExecutionArn and StepId A. No retry policy configured for the exception type SAGEMAKER_RESOURCE_LIMIT."
    )


def test_a_cached_run_stands_for_the_step() -> None:
    world = World()
    caching = {"CacheConfig": {"Enabled": True}}
    assert run(world, [step("A", **caching)]).status == "Succeeded"
    source = {**world.records["A"], "PipelineExecutionArn": "arn:earlier"}
    again = World()
    again.cache[source["CacheKey"]] = source
    assert run(again, [step("A", **caching)], lambda attempt: 1 / 0).status == "Succeeded"
    assert again.records["A"]["CacheHitResult"] == {"SourcePipelineExecutionArn": "arn:earlier"}
    assert again.records["A"]["Properties"] == source["Properties"]


def test_stopping_ends_running_steps_and_starts_no_other() -> None:
    def process(attempt: Any) -> dict[str, Any]:
        attempt.world.stop = True
        raise StepStopped

    world = World()
    assert run(world, [step("A"), step("B", "A")], process) == Result("Stopped")
    assert ended(world) == {"A": "Stopped"}


def test_a_server_that_goes_down_leaves_the_step_as_it_was() -> None:
    def process(attempt: Any) -> dict[str, Any]:
        raise ServerStopping

    world = World()
    assert run(world, [step("A")], process) == Result(None)
    assert ended(world) == {"A": "Executing"}


def test_a_retried_execution_keeps_what_succeeded() -> None:
    world = World()
    steps = [choose("C", 1, [step("Yes")], [step("No")]), step("B", "C")]
    run(world, steps)
    del world.records["B"]
    world.history.clear()
    assert run(world, steps).status == "Succeeded"
    assert {name for name, _ in world.history} == {"B"}


def test_only_selected_steps_run() -> None:
    world = World()
    world.records["A"] = {"StepStatus": "Succeeded", "Properties": {"ProcessingJobArn": "lent"}}
    second = step("B", "Z", Arguments={"Environment": {"X": {"Get": "Steps.A.ProcessingJobArn"}}})
    assert run(world, [step("A"), step("Z"), second], only=frozenset({"B"})).status == "Succeeded"
    assert {name for name, _ in world.history} == {"B"}
    assert world.records["B"]["Properties"]["Seen"] == {"Environment": {"X": "lent"}}


def test_a_property_that_is_not_there_fails_the_step() -> None:
    world = World()
    second = step("B", Arguments={"Environment": {"X": {"Get": "Steps.A.FailureReason"}}})
    assert run(world, [step("A"), second]).status == "Failed"
    assert "FailureReason" in world.records["B"]["FailureReason"]
