"""The evidence as a page for a browser and as lines for a terminal. It shows; it decides and reads nothing."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.decisions.evidence import Evidence, cost_line
from scripts.presenting import table

TEMPLATE = "evidence.html.jinja"


def evidence_page(evidence: Evidence) -> str:
    """One self-contained HTML page; it loads nothing."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(e=evidence, number=_number, signed=_signed)


def evidence_lines(evidence: Evidence) -> list[str]:
    """The same for a terminal, without the definition's diff."""
    lines = [
        f"Release {evidence.release_id} to {evidence.stage}, in place of {evidence.release_from or 'nothing'}",
        f"Model package {evidence.package_arn}, approved by {evidence.approved_by or 'not recorded'}",
    ]
    if evidence.metrics:
        rows = [[row.name, _number(row.live), _number(row.new), _signed(row.difference)] for row in evidence.metrics]
        lines += table(rows, ["metric", "live", "new", "difference"])
    if evidence.release_from is None:
        lines.append("creates the stack: this is its first deployment")
    else:
        lines += [f"changes {change}" for change in evidence.changes] or ["changes nothing in the stack"]
        lines.append(f"definition: {len(evidence.definition_diff)} lines of difference")
    if evidence.tested is None:
        lines.append("NOT verified in preprod")
    else:
        for check in evidence.tested.checks:
            lines.append(f"{'passed' if check.passed else 'FAILED'}  {check.name}: {check.detail}")
    return [*lines, cost_line(evidence.costs)]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.6g}"
