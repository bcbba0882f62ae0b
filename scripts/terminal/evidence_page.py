"""The evidence as a page for a browser and as lines for a terminal. It shows; it decides and reads nothing."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.decisions.evidence import Evidence, cost_line
from scripts.terminal.tables import table

TEMPLATE = "evidence.html.jinja"
_COLUMNS = ["live", "new", "difference"]


def evidence_page(evidence: Evidence) -> str:
    """One self-contained HTML page; it loads nothing."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(e=evidence, number=_number, signed=_signed, cost_line=cost_line)


def evidence_lines(evidence: Evidence) -> list[str]:
    """The same for a terminal, without the definition's diff."""
    author, reason = evidence.approved_by or "(not recorded)", evidence.approval_description or "no reason given"
    lines = [
        f"Release {evidence.release_id} to {evidence.stage}, in place of {evidence.release_from or 'nothing'}",
        f"Model package {evidence.package_arn}",
        f"  approved by {author}: {reason}",
        evidence.headline,
    ]
    if evidence.metrics:
        figures = [[_number(row.live), _number(row.new), _signed(row.difference)] for row in evidence.metrics]
        widths = [max(len(row[column]) for row in [*figures, _COLUMNS]) for column in range(len(_COLUMNS))]
        aligned = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in [*figures, _COLUMNS]]
        names = [row.name for row in evidence.metrics]
        lines += table([[name, *row] for name, row in zip(names, aligned, strict=False)], ["metric", *aligned[-1]])
    if evidence.release_from is None:
        lines.append("creates the stack: this is its first deployment")
    else:
        lines += [f"changes {str(change).strip()}" for change in evidence.changes] or ["changes nothing in the stack"]
        lines.append(_definition(evidence))
    if evidence.tested is None:
        lines.append("NOT verified in preprod")
    else:
        for check in evidence.tested.checks:
            lines.append(f"{'passed' if check.passed else 'FAILED'}  {check.name}: {check.detail}")
    return [*lines, cost_line(evidence.costs)]


def _definition(evidence: Evidence) -> str:
    changed = [line for line in evidence.definition_diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    added = sum(line.startswith("+") for line in changed)
    if not changed:
        return "the pipeline definition does not change"
    return f"the pipeline definition changes: {added} lines added, {len(changed) - added} removed (see the page)"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _signed(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:+.6g}" if value else "="
