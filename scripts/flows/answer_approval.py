"""Answers the approval that waits: finds it, reads the evidence that it points at, and gives it its answer.

What is answered, and why, a person decides; here nothing is asked and nothing is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from scripts.decisions.codepipeline_view import WaitingApproval, waiting_approval
from scripts.errors import ApprovalError
from scripts.flows.toolchain_context import ToolchainContext
from scripts.gateways.codepipelines import CodePipelines

PAGES = Path("build")


@dataclass(frozen=True)
class OpenQuestion:
    """The approval that waits, and what whoever answers it should read first, one line each."""

    approval: WaitingApproval
    evidence: list[str]

    @property
    def lines(self) -> list[str]:
        waiting = self.approval
        title = f"Execution {waiting.execution_id}, {waiting.pipeline_stage} / {waiting.action}"
        return [title, *(f"  {line}" for line in (waiting.custom_data, *self.evidence))]


def open_question(context: ToolchainContext, codepipeline: CodePipelines) -> OpenQuestion:
    """The approval that waits, with its evidence. Raises ApprovalError where none does."""
    structure, state = codepipeline.structure(), codepipeline.state()
    waiting = waiting_approval(structure, state, [])
    if waiting is None:
        raise ApprovalError(
            f"no approval of {codepipeline.name} is waiting",
            next_command=codepipeline.command("codepipeline", "--newest"),
        )
    details = codepipeline.actions(waiting.execution_id)
    waiting = waiting_approval(structure, state, details) or waiting
    return OpenQuestion(waiting, _evidence(context, waiting.evidence_url))


def answer(codepipeline: CodePipelines, question: OpenQuestion, status: str, summary: str) -> None:
    """``status`` is Approved or Rejected. Raises ApprovalError where somebody has answered meanwhile."""
    waiting = question.approval
    codepipeline.answer(waiting.pipeline_stage, waiting.action, waiting.token, status, summary)


def _evidence(context: ToolchainContext, url: str | None) -> list[str]:
    """The evidence as text, and the page beside it as a file here; the link alone where that leads elsewhere."""
    if not url:
        return []
    link = urlsplit(url)
    bucket, key = link.path.rsplit("/", 1)[-1], parse_qs(link.query).get("prefix", [""])[0]
    if "/s3/object/" not in link.path or not key:
        return [f"evidence: {url}"]
    text, page = context.read_object(bucket, f"{key}.txt"), context.read_object(bucket, key)
    if page is None:
        return [f"evidence: {url} (not found: s3://{bucket}/{key})"]
    # One for each pipeline: their approvals may wait at the same time.
    path = PAGES / f"evidence-{context.pipeline}-{context.approved_stage}.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return [*(text or "").splitlines(), f"evidence as a page: {path}   (s3://{bucket}/{key})"]
