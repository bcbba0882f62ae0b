"""What an action is given: its resolved configuration, artifacts, the role it acts as, and ways to wait and report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.services.codepipeline.action_failures import ActionFailedError
from localaws.services.codepipeline.artifact_store import ArtifactStore, read_artifact
from localaws.services.codepipeline.records import PipelineKey

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_EVERY = 0.1  # seconds between looks at what an action waits for


@dataclass(frozen=True)
class ActionContext:
    """``role`` is who the action acts as, in the action's region; ``inputs`` and ``outputs`` are places of artifacts
    by name: {"bucket", "key", "revision"}. ``check`` raises where the action must end now. ``note`` records the
    external execution while the action runs; ``record`` reads the action's own record."""

    cloud: Cloud
    key: PipelineKey
    execution_id: str
    stage: str
    action: dict[str, Any]
    action_execution_id: str
    configuration: dict[str, str]
    role: Caller
    store: ArtifactStore
    inputs: dict[str, dict[str, str]]
    outputs: dict[str, dict[str, str]]
    override: dict[str, str] | None  # a source revision that the start asked for
    check: Callable[[], None]
    note: Callable[..., None]
    record: Callable[[], dict[str, Any]]

    @property
    def name(self) -> str:
        return str(self.action["name"])

    def client(self, service: str) -> Any:
        return self.cloud.client(service, self.role)

    def wait(self) -> None:
        """A moment's pause in a loop. Raises where the action must end now."""
        self.check()
        self.cloud.workers.stopping.wait(_EVERY)
        self.check()

    def read_input(self, name: str) -> bytes:
        if name not in self.inputs:
            raise ActionFailedError("ConfigurationError", f"{name} is not an input artifact of action {self.name}")
        return read_artifact(self.client("s3"), self.inputs[name])

    def write_output(self, content: bytes, name: str | None = None) -> None:
        """Store an output artifact; the only one where ``name`` is None."""
        place = self.outputs[name] if name else next(iter(self.outputs.values()))
        self.store.write(self.client("s3"), place, content)


@dataclass(frozen=True)
class Revision:
    """Which version of a source was taken."""

    id: str
    summary: str = ""
    url: str = ""
    created: datetime | None = None


@dataclass(frozen=True)
class ActionResult:
    """What an action that succeeded leaves besides its artifacts."""

    summary: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    revision: Revision | None = None
    external_id: str = ""
    external_url: str = ""
    updated_by: str = ""
