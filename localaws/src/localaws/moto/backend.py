"""moto, standing behind the front door: it answers what no localaws service implements, and its state is kept.

moto holds its state in memory; a snapshot of it is written soon after a change and when the server stops. A server
that was killed outright loses at most the last moments of what moto holds; localaws' own records are never lost.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from botocore.model import OperationNotFoundError
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from moto.sqs.models import Queue

from localaws.core.backend import BODY_KEY, CorsRule
from localaws.core.bodies import IN_MEMORY, Bodies
from localaws.core.caller import Caller
from localaws.core.wire import HttpResponse
from localaws.moto import pickle as moto_pickle
from localaws.moto import public_access, stored_objects

log = logging.getLogger(__name__)

_SNAPSHOT_EVERY = 1.0  # seconds after a change; a snapshot of the example's 20 MB of objects takes about 0.1 s
_READING_METHODS = ("GET", "HEAD", "OPTIONS")


class MotoBackend:
    """Answers requests with moto. ``snapshot_path`` None keeps nothing; ``bodies`` None are temporary ones."""

    def __init__(self, snapshot_path: Path | None, bodies: Bodies | None = None) -> None:
        os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "false"
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # roles name AWS's own policies
        self._application = _Dispatcher(create_backend_app)
        self._snapshot_path = snapshot_path
        # moto's objects must not change while they are pickled: requests share this, a snapshot waits for all of them.
        self._changing = _SharedLock()
        self._changed = threading.Event()
        self._writing = threading.Lock()  # the thread of snapshots and stop() write the same file
        self._stopping = threading.Event()
        self.bodies = bodies or Bodies(None)
        stored_objects.install(self.bodies)
        if snapshot_path and snapshot_path.exists():
            moto_pickle.restore(snapshot_path.read_bytes())
        missing = self.bodies.collect()
        if missing:
            log.error("the contents of objects in S3 are missing from the state directory: %s", ", ".join(missing))

    def start(self) -> None:
        if self._snapshot_path:
            threading.Thread(target=self._keep_snapshots, name="moto-snapshots", daemon=True).start()

    def stop(self) -> None:
        """Write what has changed. A failure is on the log: whoever stops has nothing better to do about it."""
        self._stopping.set()
        if self._changed.is_set():
            self._try_snapshot()

    def knows(self, environ: dict[str, Any]) -> bool:
        """Whether moto has the service that a signed request is meant for."""
        host = self._application.infer_service_region_host(environ, str(environ.get("PATH_INFO", "")))
        return host is None or self._application.has_backend_for(host)

    def respond(self, environ: dict[str, Any], caller: Caller) -> HttpResponse:
        """moto's answer to a WSGI request, made in the caller's account."""
        incoming = environ.pop(BODY_KEY, None)
        environ["wsgi.input"].seek(0)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = caller.account
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [int(status.split(maxsplit=1)[0]), headers]

        with self._changing.shared(), stored_objects.as_files(self._passes_on_content(environ), incoming):
            _answering.lock = self._changing
            try:
                answer = self._application(environ, start_response)
                body, stream = _joined_if_small(environ, started[1], answer)
            except (NotImplementedError, OperationNotFoundError):
                return HttpResponse(501, {"Content-Type": "text/html"}, b"")
        if environ["REQUEST_METHOD"] not in _READING_METHODS:
            self._changed.set()
        status, headers = started
        return HttpResponse(status, dict(headers), body, stream)

    def _passes_on_content(self, environ: dict[str, Any]) -> bool:
        """Whether the request is one of S3 that takes, copies or gives contents, and looks into none."""
        host = self._application.infer_service_region_host(environ, str(environ.get("PATH_INFO", "")))
        return (host is None or host.startswith("s3.")) and "select" not in str(environ.get("QUERY_STRING", ""))

    def user_access_keys(self) -> list[tuple[str, str, str]]:
        """(access key id, user ARN, secret) of every active key that CreateAccessKey made, in every account."""
        return [
            (key.access_key_id, user.arn, key.secret_access_key)
            for account in list(iam_backends.values())
            for backend in list(account.values())
            for user in list(backend.users.values())
            for key in user.access_keys
            if key.status == "Active"
        ]

    def bucket_owner(self, bucket: str) -> str | None:
        """The account that a bucket belongs to, or None where there is no such bucket. Bucket names are global."""
        found: tuple[str, str] | None = s3_backends.bucket_accounts.get(bucket)
        return found[1] if found else None

    def bucket_region(self, bucket: str) -> str:
        return str(public_access.bucket_named(bucket).region_name)

    def bucket_cors(self, bucket: str) -> list[CorsRule]:
        found = public_access.bucket_named(bucket)
        return public_access.cors_rules(found) if found is not None else []

    def is_publicly_readable(self, bucket: str, key: str | None, version_id: str | None) -> bool:
        return public_access.is_readable(bucket, key, version_id)

    def restricts_public_access(self, bucket: str) -> bool:
        return public_access.blocks(bucket, "restrict_public_buckets")

    def snapshot(self) -> None:
        """Write moto's whole state, atomically."""
        if self._snapshot_path is None:
            return
        with self._writing:
            with self._changing.alone():
                self._changed.clear()
                released = self.bodies.released()
                content = moto_pickle.dump()
            partial = self._snapshot_path.with_suffix(".partial")
            partial.write_bytes(content)
            partial.replace(self._snapshot_path)
            self.bodies.remove(released)

    def _keep_snapshots(self) -> None:
        while not self._stopping.is_set():
            if self._changed.wait(0.5):
                self._stopping.wait(_SNAPSHOT_EVERY)
                self._try_snapshot()

    def _try_snapshot(self) -> None:
        try:
            self.snapshot()
        except OSError as error:  # a full disk, a directory that is gone: the next change or the next second may do
            self._changed.set()
            log.error("moto's state could not be written: %s", error)
        except Exception:
            log.exception("moto's state could not be written")


# The lock that a thread holds while moto answers in it.
_answering = threading.local()


def _wait_for_messages(queue: Queue, seconds: float) -> None:
    """moto's wait of a long poll, without the lock: others must be able to send what it waits for."""
    with _answering.lock.lent() if hasattr(_answering, "lock") else contextlib.nullcontext():
        _MOTO_WAIT(queue, seconds)


_MOTO_WAIT = Queue.wait_for_messages
Queue.wait_for_messages = _wait_for_messages


class _Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]  # moto is untyped
    """moto's own, which for every request reads the folders of its installation anew."""

    def __init__(self, create_app: Any) -> None:
        super().__init__(create_app)
        self._find = functools.lru_cache(1024)(super().get_backend_for_host)
        self.has_backend_for = functools.lru_cache(1024)(self._matches)

    def get_backend_for_host(self, host: str | None) -> Any:
        return self._find(host)

    def _matches(self, host: str) -> bool:
        return any(host == name or pattern.match(f"http://{host}") for name, pattern in self.backend_url_patterns)


def _joined_if_small(
    environ: dict[str, Any], headers: list[tuple[str, str]], answer: Any
) -> tuple[bytes, Iterable[bytes] | None]:
    """The content of an answer, or the answer itself where it is long: then it is read while it is sent."""
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    if environ["REQUEST_METHOD"] == "GET" and length > IN_MEMORY:
        return b"", answer
    try:
        return b"".join(answer), None
    finally:
        if hasattr(answer, "close"):
            answer.close()


class _SharedLock:
    """Many may hold it shared, one alone; who waits to be alone is let in before new sharers."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._sharers: dict[int, int] = {}
        self._alone_wanted = 0
        self._held_alone = False

    def shared(self) -> _Held:
        return _Held(self._share, self._unshare)

    def alone(self) -> _Held:
        return _Held(self._take, self._give)

    def lent(self) -> _Held:
        """Shared by this thread as before, but for the block; the state may be another after it."""
        return _Held(self._unshare, self._share)

    def _share(self) -> None:
        me = threading.get_ident()
        with self._condition:
            # A request that moto makes of itself is let through: its thread already holds the lock.
            while me not in self._sharers and (self._held_alone or self._alone_wanted):
                self._condition.wait()
            self._sharers[me] = self._sharers.get(me, 0) + 1

    def _unshare(self) -> None:
        me = threading.get_ident()
        with self._condition:
            self._sharers[me] -= 1
            if not self._sharers[me]:
                del self._sharers[me]
            self._condition.notify_all()

    def _take(self) -> None:
        with self._condition:
            self._alone_wanted += 1
            while self._sharers or self._held_alone:
                self._condition.wait()
            self._alone_wanted -= 1
            self._held_alone = True

    def _give(self) -> None:
        with self._condition:
            self._held_alone = False
            self._condition.notify_all()


class _Held:
    def __init__(self, enter: Any, leave: Any) -> None:
        self._enter, self._leave = enter, leave

    def __enter__(self) -> None:
        self._enter()

    def __exit__(self, *_: object) -> None:
        self._leave()
