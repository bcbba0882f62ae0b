"""Links and names that a run leaves lead the server to no file of the user, and hosts of a job share no files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.isolation.left_files import opened_file, regular_files
from tests.security.attacked_server import AttackedServer, attacked_server, require


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedServer]:
    require("mount")
    with attacked_server(tmp_path_factory.mktemp("files")) as server:
        yield server


@pytest.mark.parametrize("mode", ["EndOfJob", "Continuous"])
def test_a_jobs_folders_that_became_links_give_nothing_of_the_user(server: AttackedServer, mode: str) -> None:
    """/opt/ml/output, an output and the folder above an output lead to the user's home."""
    (server.home / "out").mkdir(exist_ok=True)
    (server.home / "out/private").write_text("of the user")
    script = f"""
import os, shutil
for place in ('/opt/ml/output', '/opt/ml/processing/linked', '/opt/ml/processing/above'):
    shutil.rmtree(place)
    os.symlink({str(server.home)!r}, place)
os.symlink({str(server.home / ".ssh/id_ed25519")!r}, '/opt/ml/processing/plain/key')
os.mkfifo('/opt/ml/processing/plain/waits')
open('/opt/ml/processing/plain/kept', 'w').write('kept')
"""
    name = f"links-{mode.lower()}"
    outputs = {each: f"s3://{server.site.bucket}/{name}/{each}/" for each in ("linked", "above/out", "plain")}
    job = server.site.process(name, script, outputs=outputs, mode=mode)
    assert (job["ProcessingJobStatus"], job.get("ExitMessage")) == ("Completed", None), job
    assert server.site.objects(f"{name}/") == {"plain/kept": b"kept"}


def test_artifacts_of_a_build_that_are_links_give_nothing_of_the_user(server: AttackedServer) -> None:
    key = server.home / ".ssh/id_ed25519"
    commands = [f"ln -s {key} key", f"ln -s {key.parent} folder", "echo kept > file", "ln -s file inner"]
    build = server.build(
        "links",
        commands,
        {"artifacts": {"files": ["**/*", str(key), "/etc/passwd"]}},
        artifacts={"type": "S3", "location": server.site.bucket, "path": "artifacts", "packaging": "NONE"},
    )
    assert build["buildStatus"] == "SUCCEEDED", server.output(build)
    assert server.site.objects("artifacts/links/").keys() == {"file", "inner", "etc/passwd"}


def test_files_of_the_shell_that_became_links_write_to_nothing_of_the_user(server: AttackedServer) -> None:
    """The server writes the commands of a build to files, and reads values from one: neither follows a link."""
    victim = server.home / "profile"
    victim.write_text("of the user")
    trap = f"""
for folder in $(find "$(dirname "$HOME")" -type d); do
  for number in 2 3 4 5 6; do ln -sf {victim} "$folder/command-$number.sh" 2>/dev/null; done
  for name in build.log save.sh hosts problem usage.json; do ln -sf {victim} "$folder/$name" 2>/dev/null; done
  rm -f "$folder/value" 2>/dev/null; ln -sf {server.home / ".ssh/id_ed25519"} "$folder/value" 2>/dev/null
done; true
"""
    build = server.build("traps", [trap, "echo second", "exit 0", "A=1"], {"env": {"exported-variables": ["A"]}})
    assert victim.read_text() == "of the user"
    assert "private key" not in json.dumps(build, default=str)


def test_hosts_of_a_job_share_no_files_and_know_each_other_by_name(server: AttackedServer) -> None:
    script = """
import json, os, socket, time
me = json.load(open('/opt/ml/config/resourceconfig.json'))['current_host']
places = ('/tmp/part', '/var/tmp/part', os.path.expanduser('~/part'), '/dev/shm/part')
found = [place for place in places if os.path.exists(place) and place != '/var/tmp/part']
for place in places:
    open(place, 'w').write(me)
time.sleep(1)
mine = {open(place).read() for place in places}
addresses = [socket.gethostbyname(name) for name in ('algo-1', 'algo-2')]
result = [socket.gethostname() == me, found, mine == {me}, len(set(addresses))]
json.dump(result, open(f'/opt/ml/processing/out/{me}', 'w'))
"""
    for name in ("first", "second"):
        job = server.site.process(name, script, hosts=2, outputs={"out": f"s3://{server.site.bucket}/{name}/"})
        assert job["ProcessingJobStatus"] == "Completed", job
        seen = {host: json.loads(content) for host, content in server.site.objects(f"{name}/").items()}
        assert seen == {host: [True, [], True, 2] for host in ("algo-1", "algo-2")}


def test_a_preloaded_library_of_a_job_is_not_loaded_outside_of_its_container(server: AttackedServer) -> None:
    """The server starts a program before the container is there; a job's Environment must not reach that one."""
    job = server.site.process("preload", "print('ran')", Environment={"LD_PRELOAD": "/opt/ml/no-such.so"})
    assert job["ProcessingJobStatus"] == "Completed"
    ((complaint, last),) = server.site.logs("processing", "preload").values()
    assert "no-such.so" in complaint
    assert last == "ran"


@pytest.mark.parametrize("link", ["a/b", "a", "a/b/file"])
def test_no_link_on_the_way_to_a_file_is_followed(tmp_path: Path, link: str) -> None:
    (tmp_path / "run/a/b").mkdir(parents=True)
    (tmp_path / "run/a/b/file").write_text("own")
    (tmp_path / "user/b").mkdir(parents=True)
    for place in ("user/file", "user/b/file"):
        (tmp_path / place).write_text("of the user")
    assert regular_files(tmp_path / "run", "a") == ["b/file"]
    (tmp_path / "run" / link).rename(tmp_path / "aside")
    (tmp_path / "run" / link).symlink_to(tmp_path / ("user/file" if link.endswith("file") else "user"))
    with opened_file(tmp_path / "run", "a/b/file") as file:
        assert file is None
    assert regular_files(tmp_path / "run", "a/b") == []
