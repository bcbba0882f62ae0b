"""A broken rule of AWS's in a job's request, as one value, and the refusal that lists several. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scripts.decisions.job_requests import JobRequest
from scripts.errors import SettingsError

API: Final = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/"
GUIDE: Final = "https://docs.aws.amazon.com/sagemaker/latest/dg/"


@dataclass(frozen=True)
class LimitFinding:
    """One broken rule, or, where not ``refused``, one thing to know."""

    step: str
    settings: tuple[str, ...]
    found: str
    rule: str
    page: str
    refused: bool = True

    def __str__(self) -> str:
        return f"step {self.step}: {self.rule}; found {self.found} ({', '.join(self.settings)}; {self.page})"


Rule = Callable[[JobRequest], LimitFinding | None]


def require_limits(findings: Iterable[LimitFinding], where: str, next_command: str | None = None) -> None:
    """Raises SettingsError for what SageMaker would refuse. ``where`` says whose definition it is."""
    refused = [each for each in findings if each.refused]
    if refused:
        raise SettingsError(
            f"SageMaker would refuse {len(refused)} of the jobs' settings in {where}"
            if refused[1:]
            else f"SageMaker would refuse a job of {where}: {refused[0].rule}",
            found=[str(each) for each in refused],
            next_command=next_command or f"correct {refused[0].settings[0]}, then the same command again",
        )


def member(request: JobRequest, group: str, member: str, default: Any) -> Any:
    part = request.arguments.get(group)
    return part.get(member, default) if isinstance(part, Mapping) else default
