"""An ARN is read in one place: nobody else takes it apart by its colons."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "localaws"
# Not ARNs: dynamic references, secrets' names, HTTP headers, patterns of ARNs with wildcards in them.
_OTHER_COLONS = {
    "core/arn.py",
    "policies/patterns.py",
    "services/cloudformation/deployment.py",
    "services/cloudformation/dynamic_references.py",
    "services/codebuild/environment.py",
    "services/codecommit/commit_operations.py",
    "services/s3/checksums.py",
    "iam/requirements/__init__.py",
    "iam/resource_policies.py",
}


def test_no_other_module_splits_at_colons() -> None:
    splitting = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("split", "rsplit")
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and node.args[0].value == ":"
            ):
                splitting.add(str(path.relative_to(SOURCE)))
    assert splitting <= _OTHER_COLONS, splitting - _OTHER_COLONS
