"""``promote``: a model package on its way into a stage's account."""

from __future__ import annotations

from tests.functional.scripts.site import Site


def test_promoting_twice_registers_once(ready_site: Site) -> None:
    ready_site.json("release")
    first = ready_site.json("promote", "--stage", "preprod")
    second = ready_site.json("promote", "--stage", "preprod")
    assert (first["reused"], second["reused"]) == (False, True)
    assert first["model_package_arn"] == second["model_package_arn"]
