"""What a run sees: nothing that is not named, a folder before what lies in it, and the later layer over the former."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.isolation import bubblewrap
from localaws.isolation.views import Mount, view

PATHS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
MOUNTS = st.builds(lambda path, kind: Mount(kind, path, path), PATHS, st.sampled_from(["own", "read-only", "empty"]))


@given(st.lists(MOUNTS), st.lists(MOUNTS))
def test_a_folder_is_mounted_before_what_lies_in_it_and_once(below: list[Mount], above: list[Mount]) -> None:
    mounts = view(below, above, entries=lambda _: []).mounts
    targets = [mount.target for mount in mounts]
    assert len(targets) == len(set(targets))
    for number, target in enumerate(targets):
        assert not any(later in map(str, PurePosixPath(target).parents) for later in targets[number + 1 :])


def test_the_later_layer_has_a_place() -> None:
    found = view([Mount("empty", "/root")], [Mount("own", "/root", "/run/home")])
    assert found.mounts == (Mount("own", "/root", "/run/home"),)


def test_a_place_that_a_read_only_folder_lacks_is_made_beside_its_entries(tmp_path: Path) -> None:
    (tmp_path / "opt/python").mkdir(parents=True)
    (tmp_path / "opt/link").symlink_to("python")
    opt = str(tmp_path / "opt")
    found = view([Mount("read-only", "/opt", opt)], [Mount("own", "/opt/ml", "/run/ml")]).mounts
    assert found == (
        Mount("link", "/opt/link", "python"),
        Mount("own", "/opt/ml", "/run/ml"),
        Mount("read-only", "/opt/python", f"{opt}/python"),
    )


def test_a_place_that_exists_in_a_read_only_folder_leaves_it_whole(tmp_path: Path) -> None:
    (tmp_path / "hosts").touch()
    folder = Mount("read-only", "/etc", str(tmp_path))
    hosts = Mount("read-only", "/etc/hosts", "/run/hosts")
    assert view([folder], [hosts]).mounts == (folder, hosts)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/src/a", True),
        ("/usr/bin/make", True),
        ("/home/me/.ssh/id", False),
        ("/srcs", False),
        ("/usr/lib/key", False),
        ("/tmp/x", False),  # the run's /tmp is another folder than the machine's
    ],
)
def test_a_file_is_shown_where_the_nearest_mount_shows_that_same_file(path: str, shown: bool) -> None:
    mounts = [
        Mount("own", "/src", "/src"),
        Mount("read-only", "/usr", "/usr"),
        Mount("empty", "/usr/lib"),
        Mount("own", "/tmp", "/run/tmp"),
    ]
    assert view(mounts).shows(path) is shown


def test_bubblewrap_is_told_the_same_view() -> None:
    mounts = [Mount("read-only", "/usr", "/usr"), Mount("link", "/bin", "usr/bin"), Mount("own", "/opt/ml", "/run/ml")]
    made = bubblewrap.arguments("bwrap", view(mounts), ["mount", "pid", "network"], "algo-1", 0, ["python"])
    words = " ".join(made)
    assert words.startswith("bwrap --die-with-parent --as-pid-1")
    assert words.endswith("-- python")
    for part in ("--ro-bind /usr /usr", "--symlink usr/bin /bin", "--bind /run/ml /opt/ml", "--unshare-net", "algo-1"):
        assert part in words
    assert not Path("/proc/sys").exists() or "--proc /proc --ro-bind /proc/sys /proc/sys" in words
    assert "--unshare-net" not in bubblewrap.arguments("bwrap", view(mounts), ["mount", "pid"], "", 0, ["python"])
