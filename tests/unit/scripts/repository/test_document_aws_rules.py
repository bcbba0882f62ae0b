"""The page of AWS's rules: what tests are marked with, by service; localaws's part stays where localaws is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import CheckError
from scripts.repository.document_aws_rules import main, rules_page

_MARKED = """\
@pytest.mark.aws_rule("A name | has {n} characters", page="https://docs.aws.amazon.com/{guide}/latest/x/limits.html#n")
def test_{name}(): ...
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder, guide, name in (("tests", "AmazonS3", "ours"), ("localaws/tests", "codebuild", "theirs")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "test_it.py").write_text(_MARKED.format(n=3, guide=guide, name=name))
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_rule_is_a_row_with_its_page_and_its_tests(tree: Path) -> None:
    (tree / "tests" / "test_other.py").write_text(_MARKED.format(n=3, guide="AmazonS3", name="also"))
    rows = [line for line in rules_page("").splitlines() if line.startswith(("### ", "| A "))]
    page = "[limits#n](https://docs.aws.amazon.com/AmazonS3/latest/x/limits.html#n)"
    shown = "[test_ours](../tests/test_it.py), [test_also](../tests/test_other.py)"
    assert rows[:2] == ["### S3", rf"| A name \| has 3 characters | {page} | {shown} |"]
    assert rows[2] == "### CodeBuild"


def test_without_localaws_its_part_of_the_page_stays(tree: Path) -> None:
    main([])
    written = Path("docs/aws-rules.md").read_text()
    (tree / "localaws/tests/test_it.py").unlink()
    (tree / "localaws/tests").rmdir()
    assert rules_page(written) == written
    main(["--check"])


def test_what_a_team_took_away_is_not_looked_at_and_what_is_there_is(tree: Path) -> None:
    (tree / "tests" / "test_other.py").write_text(_MARKED.format(n=4, guide="AmazonS3", name="other"))
    main([])
    (tree / "tests" / "test_other.py").unlink()
    main(["--check"])
    (tree / "tests" / "test_it.py").write_text("def test_ours(): ...\n")
    with pytest.raises(CheckError) as error:
        main(["--check"])
    assert "no test says any more" in error.value.found[0]
    assert "test_ours" in error.value.found[0]


def test_a_stale_page_and_a_marker_without_its_page_fail_the_check(tree: Path) -> None:
    main([])
    main(["--check"])
    (tree / "tests" / "test_new.py").write_text(_MARKED.format(n=4, guide="kms", name="new"))
    with pytest.raises(CheckError, match="stale") as stale:
        main(["--check"])
    assert "it lacks" in stale.value.found[0]
    (tree / "tests" / "test_new.py").write_text("\n@pytest.mark.aws_rule('A rule')\ndef test_new(): ...\n")
    with pytest.raises(CheckError) as error:
        main([])
    assert "tests/test_new.py:2" in str(error.value.found)
