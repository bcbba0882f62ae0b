"""What CodeCommit announces when references differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localaws.services.codecommit.announcements import changes

_references = st.dictionaries(
    st.sampled_from(["refs/heads/main", "refs/heads/a/b", "refs/tags/v1"]), st.sampled_from(["1" * 40, "2" * 40])
)


def test_a_new_branch_a_moved_one_and_a_deleted_tag() -> None:
    before = {"refs/heads/main": "1" * 40, "refs/tags/v1": "1" * 40}
    after = {"refs/heads/main": "2" * 40, "refs/heads/a/b": "1" * 40}
    assert changes(before, after) == [
        {
            "event": "referenceCreated",
            "referenceType": "branch",
            "referenceName": "a/b",
            "referenceFullName": "refs/heads/a/b",
            "commitId": "1" * 40,
        },
        {
            "event": "referenceUpdated",
            "referenceType": "branch",
            "referenceName": "main",
            "referenceFullName": "refs/heads/main",
            "commitId": "2" * 40,
            "oldCommitId": "1" * 40,
        },
        {
            "event": "referenceDeleted",
            "referenceType": "tag",
            "referenceName": "v1",
            "referenceFullName": "refs/tags/v1",
            "oldCommitId": "1" * 40,
        },
    ]


@given(_references, _references)
def test_each_difference_is_announced_once_and_nothing_else(before: dict[str, str], after: dict[str, str]) -> None:
    announced = [change["referenceFullName"] for change in changes(before, after)]
    names = before.keys() | after.keys()
    assert announced == sorted(name for name in names if before.get(name) != after.get(name))
