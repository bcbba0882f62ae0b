"""The evidence as a page for a browser and as lines for a terminal. It shows; it decides and reads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scripts.decisions.evidence import CommitShown, Evidence
from scripts.decisions.running_cost import in_dollars
from scripts.terminal.harmless import harmless, on_one_line
from scripts.terminal.tables import table

TEMPLATE = "evidence.html.jinja"
_COLUMNS = ["live", "new", "difference", ""]


def evidence_page(evidence: Evidence) -> str:
    """One self-contained HTML page: it loads nothing, runs nothing, and says what others wrote as mere text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    environment.globals.update(number=_number, signed=_signed, short=_short, dollars=in_dollars)
    return environment.get_template(TEMPLATE).render(e=evidence)


def evidence_lines(evidence: Evidence) -> list[str]:
    """The same for a terminal, without what needs a picture or a diff. No control character of others gets there."""
    return [_harmless(line) for line in [*_subject(evidence), *_metrics(evidence), *_changes(evidence)]] + [
        _harmless(line) for line in [*_tested(evidence), *_predictions(evidence), evidence.cost.line]
    ]


def _subject(evidence: Evidence) -> list[str]:
    author, reason = evidence.approved_by or "(not recorded)", evidence.approval_description or "no reason given"
    return [
        f"Release {evidence.release_id} to {evidence.stage}, in place of {evidence.release_from or 'nothing'}",
        f"Pipeline {evidence.pipeline}",
        f"Model package {evidence.package_arn}",
        f"  approved by {author}: {reason}",
        _commit(evidence.commit) + _between(evidence),
        evidence.headline,
    ]


def _commit(commit: CommitShown) -> str:
    told = [commit.date.isoformat(" ", "minutes") if commit.date else "", commit.author or "", commit.message or ""]
    line = f"Commit {(commit.id or 'unknown')[:12]} " + ", ".join(filter(None, told))
    return f"{line.strip()}{' (with uncommitted changes)' if commit.is_dirty else ''}"


def _between(evidence: Evidence) -> str:
    return "" if evidence.commits_between is None else f" ({evidence.commits_between} commits after the live one)"


def _metrics(evidence: Evidence) -> list[str]:
    if not evidence.metrics:
        return []
    figures = [
        [_number(row.live), _number(row.new), _signed(row.difference), "WORSE" if row.verdict == "worse" else ""]
        for row in evidence.metrics
    ]
    widths = [max(len(row[column]) for row in [*figures, _COLUMNS]) for column in range(len(_COLUMNS))]
    aligned = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in [*figures, _COLUMNS]]
    names = [row.name for row in evidence.metrics]
    return table([[name, *row] for name, row in zip(names, aligned, strict=False)], ["metric", *aligned[-1]])


def _changes(evidence: Evidence) -> list[str]:
    if evidence.release_from is None:
        return ["creates the stack: this is its first deployment", *_notes(evidence)]
    changes = [f"changes {str(change).strip()}" for change in evidence.changes] or ["changes nothing in the stack"]
    return [
        *changes,
        _changed_lines("pipeline definition", evidence.definition_diff),
        _changed_lines("template", evidence.texts.template_diff),
        *_notes(evidence),
    ]


def _notes(evidence: Evidence) -> list[str]:
    return [f"! {each}" for each in evidence.notes]


def _changed_lines(what: str, difference: tuple[str, ...]) -> str:
    changed = [line for line in difference if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    added = sum(line.startswith("+") for line in changed)
    if not changed:
        return f"the {what} does not change"
    return f"the {what} changes: {added} lines added, {len(changed) - added} removed (see the page)"


def _tested(evidence: Evidence) -> list[str]:
    if evidence.tested is None:
        return ["NOT verified in preprod"]
    return [f"{'passed' if each.passed else 'FAILED'}  {each.name}: {each.detail}" for each in evidence.tested.checks]


def _predictions(evidence: Evidence) -> list[str]:
    found = evidence.predictions
    if found.why_none:
        return [f"predictions not compared with the live release's: {found.why_none}"]
    return [f"{found.differing} of {found.compared} sampled predictions differ from the live release's"]


def _finalized(value: Any) -> Any:
    """What stands in the page of a text: nothing that turns the order in which an approver reads it."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _harmless(line: str) -> str:
    """Without what would steer a terminal."""
    return on_one_line(line)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _signed(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:+.6g}" if value else "="


def _short(text: str) -> str:
    """A prediction as it stands in a file: six digits of a number, any other text whole."""
    try:
        return text if text.lstrip("-").isdigit() else _number(float(text))
    except ValueError:
        return text
