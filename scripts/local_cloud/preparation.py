"""Makes the embedded AWS ready for a verb: started, its accounts with a foundation and what the example brings.

What preparing means is said by commands that run as they would against AWS. It is done again when what they read has
changed, and by one process at a time. Without ``examples/`` the accounts hold nothing to deploy, and it says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.errors import INTERRUPTED
from scripts.local_cloud.environment import client_environment, profiles
from scripts.local_cloud.git_remote import point_remote_to
from scripts.local_cloud.keys import secret_of, write_private
from scripts.local_cloud.server import HOME, STATE, git_helper, running_endpoint, start
from scripts.terminal.heartbeat import hushed
from scripts.workspace.pipelines import pipeline_names, sample_of
from scripts.workspace.stage_files import dev_account, load_stage, stage_names

PREPARED = HOME / "prepared"
PROFILES = HOME / "aws-config"
SAMPLE_PREPARED = HOME / "sample"  # from then on what the accounts hold is the team's, and nothing brings it back
EXAMPLES = Path("examples")
# Both continue where a killed run stopped. --keep: the sample says itself whether everything is its own, and if not,
# leaves all as it is.
FOUNDATION = ("scripts.verbs.bootstrap", "--yes", "--no-toolchain", "--brief")
EXAMPLE = ("examples.seed", "--keep")
INPUT = ("scripts.verbs.local", "fill")
WITHOUT_EXAMPLE = """\
There is no examples/ in this clone, so no model was registered. A deployment needs an Approved one (make register), and
files below input_prefix (docs/going-to-aws.md has the AWS calls)."""
SAMPLE_STAYS = """\
The sample was prepared once, and is not brought back. Where you want it for these settings too:
eval "$(make --silent local-env)"; .venv/bin/python -m examples.seed"""
# The settings that foundation, example models and scoring input are made by; a new schedule needs none of them anew.
PREPARED_FROM = {"dev_account", "account", "region", "project", "model_package_group", "pipeline", "input_prefix"}
PREPARED_FROM |= {"network", "tags", "foundation", "deployed_by_hand", "break_glass"}
TEMPLATES = (Path("cloudformation/foundation.yml"), Path("cloudformation/roles.yml"))


def ensure_ready() -> str:
    """The endpoint URL of this clone's embedded AWS, started and prepared now where that was not done."""
    HOME.mkdir(mode=0o700, exist_ok=True)
    HOME.chmod(0o700)  # an earlier version let others read it
    with _one_starter():
        endpoint_url = running_endpoint() or start()
        point_remote_to(endpoint_url, git_helper())
        _prepare(endpoint_url)
    return endpoint_url


def environment_of(endpoint_url: str) -> dict[str, str]:
    """The environment of a verb that works on the embedded AWS: dev's, with a profile for each stage's account."""
    accounts = {stage: load_stage(stage, any_pipeline=True).account for stage in stage_names()}
    dev = dev_account()
    secrets = {account: secret_of(STATE, account) for account in (dev, *accounts.values())}
    text = profiles(accounts, secrets)
    if not PROFILES.exists() or PROFILES.read_text() != text:
        write_private(PROFILES, text)
    return client_environment(endpoint_url, dev, secrets[dev], accounts, PROFILES.absolute(), git_helper())


def _prepare(endpoint_url: str) -> None:
    """Deploy the foundation into every account and fill dev from examples/, once for each state of what they need."""
    wanted = _preparation_digest()
    if PREPARED.exists() and PREPARED.read_bytes() == wanted.encode():
        return
    environment = environment_of(endpoint_url)
    why = "settings have changed" if PREPARED.exists() else "once"
    has_sample = (EXAMPLES / "seed.py").is_file()
    asks_sample = has_sample and not SAMPLE_PREPARED.exists()
    what = "foundation, and the sample where the settings are its own" if asks_sample else "foundation"
    print(f"Preparing the embedded AWS: {what} ({why}) ...", file=sys.stderr)
    _run(FOUNDATION, environment)
    if asks_sample:
        if _run(EXAMPLE, environment) == "prepared":
            SAMPLE_PREPARED.touch()
    else:
        print(SAMPLE_STAYS if has_sample else WITHOUT_EXAMPLE, file=sys.stderr)
    _run(INPUT, environment)
    PREPARED.write_text(wanted)


def _run(command: tuple[str, ...], environment: dict[str, str]) -> str:
    """What a preparing command answers on stdout; this process ends with it where it fails, since it has said why."""
    module, *arguments = command
    with hushed():  # it has a heartbeat of its own
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        sys.exit(done.returncode if done.returncode > 0 else INTERRUPTED)
    return done.stdout.strip()


def _preparation_digest() -> str:
    """Changes when what preparation makes would change: the settings it reads, overridden or not, and its own code."""
    digest = hashlib.sha256()
    for stage in stage_names():
        for pipeline in pipeline_names():
            settings = load_stage(stage, pipeline=pipeline)
            digest.update(f"{stage}\0{settings.model_dump_json(include=PREPARED_FROM)}\0".encode())
    samples = [sample_of(name) for name in pipeline_names()]
    for path in [*TEMPLATES, *sorted(EXAMPLES.glob("*.py")), *filter(Path.exists, samples)]:
        digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _one_starter() -> Iterator[None]:
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
