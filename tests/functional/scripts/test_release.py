"""``release``: what is pinned."""

from __future__ import annotations

from tests.functional.scripts.site import Site


def test_a_release_is_the_same_for_the_same_content(ready_site: Site) -> None:
    first, second = ready_site.json("release"), ready_site.json("release")
    assert first["release_id"] == second["release_id"]
    container = first["model_package"]["containers"][0]
    assert container["objects"][0]["checksum"]["algorithm"] == "SHA256"
    assert container["image_digest"] is None
    assert set(first["templates"]) >= {"batch-inference.yml", "foundation.yml"}
