"""``history``: what a stage has had, which of it is live, and that going back is shown as it is."""

from __future__ import annotations

from tests.functional.conftest import PREPROD
from tests.functional.scripts.site import BUCKETS, PIPELINE, SCORE, Site


def test_releases_are_told_newest_first_with_the_live_one_marked(ready_site: Site) -> None:
    empty = ready_site.run("history", "--stage", "preprod")
    assert empty.returncode == 0, empty.stderr
    assert "no release yet" in empty.stdout

    first = ready_site.json("deploy", "--stage", "preprod")["release_id"]
    ready_site.write_script(SCORE + "\n")
    second = ready_site.json("deploy", "--stage", "preprod")["release_id"]
    told = ready_site.json("history", "--stage", "preprod")
    assert told["pipeline"] == ready_site.pipeline
    assert [(each["release_id"], each["is_live"]) for each in told["releases"]] == [(second, True), (first, False)]
    assert all(each["verification"].startswith("passed 20") for each in told["releases"]), told

    ready_site.json("deploy", "--stage", "preprod", "--release", first)
    told = ready_site.json("history", "--stage", "preprod")
    # Gone back to, it is the newest again, though its release.json is the one that was written first.
    assert [(each["release_id"], each["is_live"]) for each in told["releases"]] == [(first, True), (second, False)]


def test_a_broken_release_is_told_in_its_place_and_another_pipelines_is_not(ready_site: Site) -> None:
    release_id = ready_site.json("deploy", "--stage", "preprod")["release_id"]
    s3 = ready_site.client("s3", account=PREPROD)
    whole = s3.get_object(Bucket=BUCKETS["preprod"], Key=f"releases/{release_id}/release.json")["Body"].read()
    s3.put_object(Bucket=BUCKETS["preprod"], Key="releases/0123456789abcdef/release.json", Body=whole[:40])
    shown = ready_site.run("history", "--stage", "preprod")
    assert shown.returncode == 0, shown.stderr
    assert f"{release_id} (live)" in shown.stdout
    assert "0123456789abcdef  " in shown.stdout
    assert f"! s3://{BUCKETS['preprod']}/releases/0123456789abcdef/release.json" in shown.stdout

    first, ready_site.pipeline = ready_site.pipeline, f"{ready_site.pipeline}b"
    (ready_site.folder / "pipelines" / ready_site.pipeline).mkdir()
    ready_site.write_pipeline(PIPELINE)
    ready_site.write_script(SCORE)
    other = ready_site.json("deploy", "--stage", "preprod", "--pipeline", ready_site.pipeline)["release_id"]
    told = ready_site.json("history", "--stage", "preprod", "--pipeline", first)
    assert {each["release_id"] for each in told["releases"]} == {release_id, "0123456789abcdef"}
    told = ready_site.json("history", "--stage", "preprod", "--pipeline", ready_site.pipeline)
    assert {each["release_id"] for each in told["releases"] if not each["problem"]} == {other}
