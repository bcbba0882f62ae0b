"""How a person pushes to a CodeCommit repository with the AWS credentials that they have. Pure.

The https address alone asks for a user name and a password, which AWS credentials are not: a helper signs with them.
https://docs.aws.amazon.com/codecommit/latest/userguide/setting-up-git-remote-codecommit.html
"""

from __future__ import annotations


def push_lines(repository: str, region: str, branch: str, profile: str | None) -> list[str]:
    """The command, and what it needs. ``profile``: the AWS profile in use; None for credentials of the environment."""
    address = f"codecommit::{region}://{profile + '@' if profile else ''}{repository}"
    return [
        f"push to it with:  git push {address} HEAD:{branch}",
        "  it needs git-remote-codecommit, which signs with your AWS credentials; once:  "
        "python3 -m pip install --user git-remote-codecommit   # or: pipx install git-remote-codecommit",
    ]
