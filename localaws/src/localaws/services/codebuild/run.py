"""One build, from QUEUED to COMPLETED: what each phase does and which phase follows it.

    PROVISIONING the role · DOWNLOAD_SOURCE files, buildspec, variables, cache · INSTALL · PRE_BUILD · BUILD ·
    POST_BUILD (even after a failed BUILD) · UPLOAD_ARTIFACTS · FINALIZING

Every change is in the record before the next begins; nothing of a build is remembered here.
https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.core.turns import GivenUpError
from localaws.policies.service_roles import role_problem, session_of
from localaws.services.codebuild.announcements import announce_phase, announce_state, publish_metrics
from localaws.services.codebuild.build_log import BuildLog
from localaws.services.codebuild.failures import PhaseError
from localaws.services.codebuild.outputs import upload_outputs
from localaws.services.codebuild.phase_commands import run_phase
from localaws.services.codebuild.preparation import Prepared, prepare
from localaws.services.codebuild.records import BuildRecord
from localaws.services.codebuild.shell import InterruptedBuildError, ShellSession, program
from localaws.services.codebuild.workspace import Workspace

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

_ASK_EVERY = 0.2  # seconds between looks at the record for a stop, and at the clock for the timeout


class BuildRun:
    """Runs one build in the thread that calls ``run``."""

    def __init__(self, cloud: Cloud, record: BuildRecord, project: dict[str, Any]) -> None:
        self._cloud = cloud
        self._record = record
        self._project = project
        self._failed = False
        self._ending = ""  # STOPPED, TIMED_OUT or, where the server goes down, SERVER_STOPS
        self._asked = 0.0
        self._begun: datetime | None = None  # when its turn came
        self._workspace: Workspace | None = None
        self._log: BuildLog | None = None
        self._shell: ShellSession | None = None

    def run(self) -> None:
        announce_state(self._cloud, self._record)
        try:
            self._phases()
        except InterruptedBuildError:
            pass  # the phase that was interrupted says how
        except Exception as error:
            if self._cloud.workers.stopping.is_set():
                self._ending = "SERVER_STOPS"
            else:
                log.exception("build %s", self._record.id)
                self._fail_inside(error)
        finally:
            self._leave()
        if self._ending == "SERVER_STOPS":
            return  # the next server says that the build has failed
        self._record.finish(self._ending or ("FAILED" if self._failed else "SUCCEEDED"))
        announce_state(self._cloud, self._record)
        publish_metrics(self._cloud, self._record)

    def _phases(self) -> None:
        with ExitStack() as held:
            self._phase("QUEUED", lambda: self._await_turn(held))
            self._begun = self._cloud.clock.now()
            self._phases_of_its_turn()

    def _await_turn(self, held: ExitStack) -> None:
        try:
            held.enter_context(self._cloud.limits.builds.turn(given_up=self._interrupted))
        except GivenUpError as error:
            raise InterruptedBuildError from error

    def _phases_of_its_turn(self) -> None:
        if not self._phase("PROVISIONING", self._provision):
            return
        prepared: list[Prepared] = []
        if self._phase("DOWNLOAD_SOURCE", lambda: prepared.append(self._download())):
            self._commands(prepared[0])
        self._phase("FINALIZING", lambda: self._finalize(prepared))

    def _commands(self, prepared: Prepared) -> None:
        for name in ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"):
            phase = prepared.buildspec.phases.get(name)
            separately = prepared.buildspec.separate_shells
            succeeded = self._phase(name, partial(run_phase, phase, self._session(), self._opened_log(), separately))
            if succeeded:
                continue
            self._session().export("CODEBUILD_BUILD_SUCCEEDING", "0")
            on_failure = phase.on_failure if phase else ""
            if on_failure == "ABORT" or (name in ("INSTALL", "PRE_BUILD") and on_failure != "CONTINUE"):
                return
        self._phase("UPLOAD_ARTIFACTS", lambda: self._upload(prepared))

    def _phase(self, name: str, work: Callable[[], None]) -> bool:
        """Whether the phase succeeded. Raises InterruptedBuildError where the build was stopped or timed out in it."""
        if self._interrupted():
            self._record.begin_phase(name)
            self._end_interrupted()
            raise InterruptedBuildError
        self._record.begin_phase(name)
        if self._log and name in ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"):
            self._log.say(f"Entering phase {name}")
        try:
            work()
        except PhaseError as failure:
            self._failed = True
            self._end_phase("FAILED", failure.code, failure.message)
            return False
        except InterruptedBuildError:
            self._end_interrupted()
            raise
        self._end_phase("SUCCEEDED")
        return True

    def _end_phase(self, status: str, code: str = "", message: str = "") -> None:
        phase = self._record.end_phase(status, code, message)
        if self._log:
            self._log.say(f"Phase complete: {phase['phaseType']} State: {status}")
            self._log.say(f"Phase context status code: {code} Message: {message}")
        announce_phase(self._cloud, self._record, phase)

    def _end_interrupted(self) -> None:
        if self._ending == "TIMED_OUT":
            minutes = self._minutes_allowed(self._record.build())
            self._end_phase("TIMED_OUT", "BUILD_TIMED_OUT", f"Build has timed out after {minutes} minutes.")
        elif self._ending == "STOPPED":
            self._end_phase("STOPPED")

    def _interrupted(self) -> bool:
        """Whether the build must end now; asked very often, looks seldom."""
        if self._ending:
            return True
        if self._cloud.workers.stopping.is_set():
            self._ending = "SERVER_STOPS"
            return True
        if time.monotonic() - self._asked < _ASK_EVERY:
            return False
        self._asked = time.monotonic()
        build = self._record.build()
        if self._record.is_stopped():
            self._ending = "STOPPED"
        elif self._cloud.clock.now() >= (self._begun or build["startTime"]) + timedelta(
            minutes=self._minutes_allowed(build)
        ):
            self._ending = "TIMED_OUT"
        return bool(self._ending)

    def _minutes_allowed(self, build: dict[str, Any]) -> int:
        """For waiting in the queue, and from then on for building."""
        return int(build["timeoutInMinutes" if self._begun else "queuedTimeoutInMinutes"])

    def _provision(self) -> None:
        build = self._record.build()
        owner = Caller.root(self._record.account, self._record.region)
        project = owner.resource_arn("codebuild", f"project/{build['projectName']}")
        problem = role_problem(self._cloud, build["serviceRole"], "codebuild.amazonaws.com", project)
        if problem:
            raise PhaseError(
                "CLIENT_ERROR",
                f"CodeBuild is not authorized to perform: sts:AssumeRole on {build['serviceRole']}: {problem}",
            )
        self._workspace = Workspace.create(self._cloud.work_directory, self._record)
        logs = build["logs"]
        stream = logs.get("streamName", "")
        self._log = BuildLog(self._cloud, owner, logs.get("groupName"), stream, self._workspace.scratch / "build.log")
        self._log.say("Running on the machine of this server; the image of the project is not run")
        self._log.say("Phase is DOWNLOAD_SOURCE")

    def _download(self) -> Prepared:
        assert self._workspace is not None
        prepared = prepare(self._cloud, self._record, self._workspace, self._opened_log())
        self._shell = ShellSession(
            program(prepared.buildspec.shell, self._record.build()["environment"]["image"]),
            prepared.container,
            self._opened_log().write,
            self._interrupted,
        )
        return prepared

    def _upload(self, prepared: Prepared) -> None:
        assert self._workspace is not None
        exported = []
        for name in prepared.buildspec.exported_variables:
            value = self._session().value_of(name)
            if value is not None:
                exported.append({"name": name, "value": value})
        self._record.set(exportedEnvironmentVariables=exported)
        upload_outputs(
            self._cloud.client("s3", self._role()),
            self._record,
            self._project,
            prepared.buildspec,
            prepared.container,
            self._session(),
            self._opened_log(),
        )

    def _finalize(self, prepared: list[Prepared]) -> None:
        if self._shell:
            self._shell.close()  # what is kept must not change while it is read
        if prepared:
            prepared[0].save_cache(self._opened_log())

    def _fail_inside(self, error: Exception) -> None:
        """A defect, or an AWS call that nobody expected to fail: the build fails and says what it was."""
        self._failed = True
        phase = self._record.build()["phases"][-1]
        if "endTime" in phase:
            self._record.begin_phase("FINALIZING")
        self._end_phase("FAILED", "INTERNAL_SERVICE_ERROR", f"{type(error).__name__}: {error}")

    def _leave(self) -> None:
        if self._shell:
            self._shell.close()
        if self._log:
            self._log.close()
            self._put_log_into_s3(self._log)
        if self._workspace:
            if self._workspace.granted:
                self._cloud.container_credentials.revoke(self._workspace.granted)
            # A build's thousands of files (a package cache, say) take seconds to remove, for which nobody should wait.
            removed = self._workspace.set_aside()
            self._cloud.workers.start(f"remove {removed.name}", lambda: shutil.rmtree(removed, ignore_errors=True))

    def _put_log_into_s3(self, build_log: BuildLog) -> None:
        arn = self._record.build()["logs"].get("s3LogsArn") if self._ending != "SERVER_STOPS" else None
        if not arn:
            return
        bucket, _, key = arn.split(":::", 1)[1].partition("/")
        try:
            self._cloud.client("s3", self._role()).put_object(Bucket=bucket, Key=key, Body=build_log.compressed())
        except ClientError as error:
            log.warning("the log of build %s could not be written to %s: %s", self._record.id, arn, error)

    def _role(self) -> Caller:
        return session_of(self._record.build()["serviceRole"], "AWSCodeBuild", self._record.region)

    def _session(self) -> ShellSession:
        assert self._shell is not None
        return self._shell

    def _opened_log(self) -> BuildLog:
        assert self._log is not None
        return self._log
