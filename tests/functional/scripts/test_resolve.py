"""``resolve``: which model package would be released."""

from __future__ import annotations

from tests.functional.scripts.site import Site


def test_resolve_shows_the_newest_approved_version(ready_site: Site) -> None:
    newest = ready_site.register()
    ready_site.register("PendingManualApproval")
    assert ready_site.json("resolve")["model_package"]["ModelPackageArn"] == newest
