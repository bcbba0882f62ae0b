"""CodeBuild's dealings with files and processes: the shell session, artifacts, caches."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.core.archives import unzip, zip_bytes, zip_directory
from localaws.isolation.enclosure import Enclosure
from localaws.services.codebuild.artifacts import chosen_files
from localaws.services.codebuild.buildspec import Artifacts
from localaws.services.codebuild.caches import LocalCache, cached_paths
from localaws.services.codebuild.container import BuildContainer
from localaws.services.codebuild.failures import PhaseError
from localaws.services.codebuild.shell import InterruptedBuildError, ShellSession


class Session:
    """A shell session whose output is kept."""

    def __init__(self, shell: str, directory: Path) -> None:
        self.lines: list[str] = []
        self.stop = threading.Event()
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        agent = directory / "agent"
        self.shell = ShellSession(
            (shell,),
            BuildContainer(Enclosure([]), directory, environment, agent, (directory,)),
            lambda line: self.lines.append(line.decode()),
            self.stop.is_set,
        )


@pytest.fixture(params=["sh", "bash"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    session = Session(request.param, tmp_path)
    yield session
    session.shell.close()


def test_variables_functions_and_the_directory_last(session: Session, tmp_path: Path) -> None:
    for command in ("X=1; f() { echo in f; }", "mkdir d; cd d", 'f; pwd; echo "$X"; sh -c "echo $X"'):
        assert session.shell.run(command) == 0
    assert session.lines == ["in f", str(tmp_path / "d"), "1", "1"]


def test_output_is_told_line_by_line_as_it_was_written(session: Session) -> None:
    session.shell.run("printf 'a\\n\\nunfinished'")
    session.shell.run("echo; echo error >&2")
    assert session.lines == ["a", "", "unfinished", "", "error"]


@pytest.mark.parametrize(("command", "status"), [("false", 1), ("exit 3", 3), ("if", 2), ("kill -9 $$", 137)])
def test_a_command_that_ends_the_shell_is_not_the_end_of_the_session(
    session: Session, command: str, status: int
) -> None:
    session.shell.run("X=kept")
    assert session.shell.run(command) == status
    assert session.shell.run("true") == 0
    if status != 137:
        session.shell.run("echo $X")
        assert session.lines[-1] == "kept"


def test_a_command_cannot_eat_the_commands_that_follow(session: Session) -> None:
    assert session.shell.run("cat") == 0
    assert session.shell.run("echo next") == 0
    assert session.lines == ["next"]


def test_an_interruption_ends_what_runs(session: Session) -> None:
    session.shell.run("true")
    session.stop.set()
    with pytest.raises(InterruptedBuildError):
        session.shell.run("sleep 600")
    session.shell.close()


def test_a_value_and_an_exported_variable(session: Session) -> None:
    session.shell.export("A", "it's")
    session.shell.run('B="$A!"')
    assert (session.shell.value_of("B"), session.shell.value_of("NONE")) == ("it's!", None)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.txt", "dist/x/b.txt", "dist/y/c.txt", "dist/y/.hidden", "dist/y/d.tmp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Artifacts(("**/*",)), {"a.txt", "dist/x/b.txt", "dist/y/c.txt", "dist/y/.hidden", "dist/y/d.tmp"}),
        (Artifacts(("*",)), {"a.txt"}),
        (Artifacts(("dist/y/*",), exclude_paths=("**/*.tmp",)), {"dist/y/c.txt", "dist/y/.hidden"}),
        (Artifacts(("**/*.txt",), base_directory="dist"), {"x/b.txt", "y/c.txt"}),
        (Artifacts(("*.txt",), base_directory="dist/*"), {"b.txt", "c.txt"}),
        (Artifacts(("dist/**/*.txt",), discard_paths=True), {"b.txt", "c.txt"}),
        (Artifacts(("./a.txt", "absent")), {"a.txt"}),
    ],
)
def test_patterns_choose_files(tree: Path, wanted: Artifacts, names: set[str]) -> None:
    assert {name for _, name in chosen_files(wanted, tree)} == names


@pytest.mark.parametrize("wanted", [Artifacts(("absent",)), Artifacts(("*",), base_directory="absent")])
def test_patterns_that_choose_nothing_fail(tree: Path, wanted: Artifacts) -> None:
    with pytest.raises(PhaseError, match="no matching"):
        chosen_files(wanted, tree)


def test_an_archive_keeps_modes_and_links_and_is_the_same_each_time(tree: Path, tmp_path: Path) -> None:
    (tree / "a.txt").chmod(0o755)
    (tree / "link").symlink_to("a.txt")
    content = zip_directory(tree)
    assert content == zip_directory(tree)
    target = tmp_path / "unpacked"
    unzip(content, target)
    assert (target / "a.txt").stat().st_mode & 0o777 == 0o755
    assert (target / "link").readlink() == Path("a.txt")


@pytest.mark.parametrize("name", ["../outside", "/etc/outside"])
def test_an_archive_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is outside the archive"):
        unzip(zip_bytes({name: b"x"}), tmp_path / "target")


def test_cache_paths_are_folders_of_the_source_or_the_home(tmp_path: Path) -> None:
    source, home = tmp_path / "src", tmp_path / "home"
    paths, outside = cached_paths((".venv/**/*", "/root/.cache/**/*", "/var/lib/**/*"), source, home)
    assert paths == [source / ".venv", home / ".cache"]
    assert outside == ["/var/lib/**/*"]


def place_of(places: Path, name: str) -> Path:
    root = places / name
    (root / "src").mkdir(parents=True)
    return root


@pytest.mark.aws_rule(
    "A local custom cache is a symbolic link in place of each folder, in the first build too; an item of the source"
    " with that name replaces it",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/caching-local.html",
)
def test_a_cached_folder_is_a_link_unless_the_source_brings_it(tmp_path: Path) -> None:
    cache, root = LocalCache(tmp_path / "store", tmp_path / "places"), place_of(tmp_path / "places", "src1")
    (root / "src/brought").mkdir()
    linked = cache.link([root / "src/.venv", root / "src/brought"], root)
    assert [path for path, _ in linked] == [root / "src/.venv"]
    assert (root / "src/.venv").is_symlink()
    assert (root / "src/.venv").is_dir()
    assert not (root / "src/brought").is_symlink()


def test_builds_at_the_same_time_have_hosts_of_their_own(tmp_path: Path) -> None:
    cache = LocalCache(tmp_path / "store", tmp_path / "places")
    first, second = place_of(tmp_path / "places", "src1"), place_of(tmp_path / "places", "src2")
    for root in (first, second):
        cache.link([root / "src/.venv"], root)
    (first / "src/.venv/file").touch()
    assert not (second / "src/.venv/file").exists()


def test_an_invalidated_cache_is_empty_for_the_next_build_and_stays_for_the_running_one(tmp_path: Path) -> None:
    cache, root = LocalCache(tmp_path / "store", tmp_path / "places"), place_of(tmp_path / "places", "src1")
    cache.link([root / "src/.venv"], root)
    (root / "src/.venv/file").touch()
    cache.forget()
    assert (root / "src/.venv/file").exists()
    shutil.rmtree(root)
    root = place_of(tmp_path / "places", "src1")
    cache.link([root / "src/.venv"], root)
    assert not (root / "src/.venv/file").exists()
    (root / "src/.venv/file").touch()
    shutil.rmtree(root)
    cache.forget()
    assert not list((tmp_path / "store").rglob("file"))
