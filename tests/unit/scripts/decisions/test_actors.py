"""Tables of actors: what is asked of IAM, and how they are held against the calls that were made."""

from __future__ import annotations

from scripts.decisions.actors import Actor, Call, Use, calls_never_made, questions, unknown_calls

ROLE = "arn:aws:iam::012345670123:role/harbour-build"
BUCKET = "arn:aws:s3:::b"
READING = Use(("s3:GetObject",), (f"{BUCKET}/releases/*",))
BUILD = Actor("build", ROLE, (READING, Use(("s3:ListBucket",), (BUCKET,)), Use(("iam:Get*",), ("*",), {"a:b": "c"})))


def test_a_question_has_a_name_where_the_table_has_a_star_and_none_where_a_call_has_no_resource() -> None:
    assert [(each.resource, dict(each.context)) for each in questions(BUILD)] == [
        (f"{BUCKET}/releases/doctor", {}),
        (BUCKET, {}),
        ("*", {"a:b": "c"}),
    ]


def test_what_is_done_to_one_resource_is_asked_at_once() -> None:
    uses = (READING, Use(("s3:PutObject", "s3:GetObject"), (f"{BUCKET}/releases/*", BUCKET)))
    assert [(each.actions, each.resource) for each in questions(Actor("build", ROLE, uses))] == [
        (("s3:GetObject", "s3:PutObject"), f"{BUCKET}/releases/doctor"),
        (("s3:PutObject", "s3:GetObject"), BUCKET),
    ]


def test_a_call_that_no_table_knows_is_told_by_its_action_and_by_its_resource() -> None:
    calls = [
        Call(ROLE, "s3:GetObject", f"{BUCKET}/releases/1/release.json"),
        Call(ROLE, "s3:GetObject", f"{BUCKET}/model-artifacts/1"),
        Call(ROLE, "s3:PutObject", f"{BUCKET}/releases/1"),
        Call(f"{ROLE}-of-somebody", "s3:PutObject", f"{BUCKET}/releases/1"),
    ]
    assert unknown_calls([BUILD], calls) == [
        f"build: s3:GetObject on {BUCKET}/model-artifacts/1",
        f"build: s3:PutObject on {BUCKET}/releases/1",
    ]


def test_a_call_of_the_table_is_made_by_one_of_those_who_share_it_or_says_why_not() -> None:
    other = Actor("plan", "arn:aws:iam::012345670123:role/harbour-plan", (READING,))
    silent = Use(("s3:PutObject",), (BUCKET,), unrecorded="only on Sundays")
    actors = [Actor("build", ROLE, (READING, silent)), other]
    assert calls_never_made(actors, []) == [f"s3:GetObject on {BUCKET}/releases/*"]
    assert calls_never_made(actors, [Call(other.role_arn, "s3:GetObject", f"{BUCKET}/releases/1")]) == []
    assert calls_never_made(actors, [Call(other.role_arn, "s3:GetObject", f"{BUCKET}/elsewhere")]) != []
